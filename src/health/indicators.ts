import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { JobQueue } from '../queue/job-queue.js';

@Injectable()
export class QueueIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly queue: JobQueue,
  ) {}

  async check(key: string): Promise<HealthIndicatorResult> {
    const isReady = await this.queue.isReady().catch(() => false);
    return isReady ? this.indicators.check(key).up() : this.indicators.check(key).down('the queue does not answer');
  }
}

@Injectable()
export class MigrationsIndicator {
  private isDone = false;

  constructor(
    private readonly indicators: HealthIndicatorService,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /** Asked until the answer is yes once: a schema does not go back. */
  async check(key: string): Promise<HealthIndicatorResult> {
    if (this.isDone) return this.indicators.check(key).up();
    const arePending = await this.dataSource.showMigrations().catch(() => null);
    if (arePending === null) return this.indicators.check(key).down('the database does not say');
    this.isDone = !arePending;
    return arePending ? this.indicators.check(key).down('migrations are pending') : this.indicators.check(key).up();
  }
}

/** Not ready any more from the signal to stop on: requests still get their answers, but no new ones should be sent. */
@Injectable()
export class ShutdownIndicator implements OnModuleDestroy {
  private isStopping = false;

  constructor(private readonly indicators: HealthIndicatorService) {}

  begin(): void {
    this.isStopping = true;
  }

  onModuleDestroy(): void {
    this.begin();
  }

  check(key: string): HealthIndicatorResult {
    const indicator = this.indicators.check(key);
    return this.isStopping ? indicator.down('the process is stopping') : indicator.up();
  }
}
