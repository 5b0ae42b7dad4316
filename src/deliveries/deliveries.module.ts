import { type DynamicModule, Module, type ModuleMetadata, type Type } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { MetricsModule } from '../metrics/metrics.module.js';
import { OutboundModule } from '../outbound/outbound.module.js';
import { Attempt } from './attempt.entity.js';
import { AttemptLedger } from './attempt-ledger.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { DeliveriesService } from './deliveries.service.js';
import { DeliveryInstruments } from './delivery.instruments.js';
import { DeliveryAttempts } from './delivery-attempts.js';
import { DeliveryQueue } from './delivery-queue.js';
import { DeliverySender } from './delivery-sender.js';
import { DeliveryTargets } from './delivery-targets.js';
import { DeliveryTraces } from './delivery-traces.js';
import { DeliveryWorker } from './delivery-worker.js';
import { FailedTask } from './failed-task.entity.js';
import { FailedTasksController } from './failed-tasks.controller.js';
import { LockedDeliveries } from './locked-deliveries.js';
import { Origin } from './origin.entity.js';
import { OriginsController } from './origins.controller.js';
import { OriginsService } from './origins.service.js';
import { QueuedDelivery } from './queued-delivery.entity.js';
import { QueueDepthGauge } from './queue-depth-gauge.js';
import { Settlement } from './settlement.js';
import { SettlementBatcher } from './settlement-batcher.js';

/** Owns every outgoing POST. Other rooms order deliveries and read the ledger through DeliveriesService. */
@Module({
  imports: [TypeOrmModule.forFeature([Attempt, FailedTask, Origin, QueuedDelivery]), OutboundModule, MetricsModule],
  controllers: [FailedTasksController, OriginsController],
  providers: [
    CircuitBreaker,
    DeliveriesService,
    DeliveryAttempts,
    DeliveryInstruments,
    DeliveryQueue,
    DeliverySender,
    DeliveryTraces,
    DeliveryWorker,
    AttemptLedger,
    LockedDeliveries,
    OriginsService,
    QueueDepthGauge,
    Settlement,
    SettlementBatcher,
  ],
  exports: [DeliveriesService, OriginsService],
})
export class DeliveriesModule {
  /**
   * @param targets implementation of the port that says where deliveries go
   * @param imports what it is made of
   */
  static deliveringTo(targets: Type<DeliveryTargets>, imports: ModuleMetadata['imports']): DynamicModule {
    return { module: DeliveriesModule, imports, providers: [{ provide: DeliveryTargets, useClass: targets }] };
  }
}
