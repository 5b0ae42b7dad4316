import { HttpModule } from '@nestjs/axios';
import { Module } from '@nestjs/common';
import { guardedAxiosAdapter } from './guarded-axios.adapter.js';
import { OutboundClient } from './outbound-client.js';

@Module({ providers: [OutboundClient], exports: [OutboundClient] })
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
