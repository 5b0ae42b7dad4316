import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { WorkLoop } from '../queue/work-loop.js';
import { FORGET_RECORDS } from './audit.queries.js';

const INTERVAL_MS = 600_000;
const PORTION = 10_000;

/** Removes records that are older than the retention time, 10,000 in a statement. */
@Injectable()
export class AuditRetention implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop = new WorkLoop(AuditRetention.name, () => this.forget(), INTERVAL_MS);

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
  }

  /** @returns whether there may be more of them */
  private async forget(): Promise<boolean> {
    const [row] = await this.dataSource.query<{ count: number }[]>(FORGET_RECORDS, [
      this.config.audit.retentionDays,
      PORTION,
    ]);
    return row?.count === PORTION;
  }
}
