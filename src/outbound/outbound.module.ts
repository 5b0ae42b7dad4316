import { HttpModule } from '@nestjs/axios';
import { Module } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { AddressPolicy } from './address-policy.js';
import { guardedAxiosAdapter } from './guarded-axios.adapter.js';
import { SYSTEM_LOOKUP } from './host-addresses.js';
import { LOOKUP, OutboundClient } from './outbound-client.js';

@Module({
  providers: [
    OutboundClient,
    { provide: AddressPolicy, inject: [CONFIG], useFactory: ({ egress }: Config) => new AddressPolicy(egress) },
    { provide: LOOKUP, useValue: SYSTEM_LOOKUP },
  ],
  exports: [AddressPolicy, OutboundClient],
})
class OutboundClientModule {}

/**
 * The one way out of the service: `OutboundClient` for deliveries, Nest's `HttpService` over the same client for the
 * rest.
 */
@Module({
  imports: [
    OutboundClientModule,
    HttpModule.registerAsync({
      imports: [OutboundClientModule],
      inject: [OutboundClient],
      useFactory: (client: OutboundClient) => ({ adapter: guardedAxiosAdapter(client), maxRedirects: 0 }),
    }),
  ],
  exports: [OutboundClientModule, HttpModule],
})
export class OutboundModule {}
