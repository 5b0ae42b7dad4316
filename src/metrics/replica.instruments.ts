import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Pool } from 'pg';
import { Gauge, type Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import { CONFIG, type Config, ROLES } from '../config/config.js';
import { VERSION } from '../config/version.js';
import { Notifications } from '../database/notifications.js';
import { standardOutput } from '../logging/standard-output.js';
import { readCounter, readGauge } from './gauge.js';
import { PROMETHEUS } from './prometheus.js';

/** What this process is, and its connections to the database. All of it is read at the scrape. */
@Injectable()
export class ReplicaInstruments {
  constructor(
    @Inject(CONFIG) config: Config,
    @Inject(PROMETHEUS) private readonly registry: Registry,
    @InjectDataSource() dataSource: DataSource,
    notifications: Notifications,
  ) {
    this.showBuild();
    this.showRoles(config);
    this.showPool(() => (dataSource.driver as unknown as { master: Pool }).master);
    this.showNotifications(notifications);
    this.showLog();
  }

  private showBuild(): void {
    const build = new Gauge({
      name: 'seed_scheduler_build_info',
      help: 'Always 1; the labels tell the version of the service and of Node.js.',
      labelNames: ['version', 'node_version'],
      registers: [this.registry],
    });
    build.set({ version: VERSION, node_version: process.versions.node }, 1);
  }

  private showRoles({ roles }: Config): void {
    const role = new Gauge({
      name: 'seed_scheduler_role',
      help: 'Whether this replica has the role: 1 or 0.',
      labelNames: ['role'],
      registers: [this.registry],
    });
    for (const name of ROLES) role.set({ role: name }, roles.includes(name) ? 1 : 0);
  }

  private showPool(pool: () => Pool): void {
    new Gauge({
      name: 'seed_scheduler_database_pool_connections',
      help: 'Connections of the database pool, by state: in_use or idle.',
      labelNames: ['state'],
      registers: [this.registry],
      collect() {
        const { totalCount, idleCount } = pool();
        this.set({ state: 'in_use' }, totalCount - idleCount);
        this.set({ state: 'idle' }, idleCount);
      },
    });
    this.gauge('seed_scheduler_database_pool_max_connections', 'Connections that the pool may have.', () => {
      return pool().options.max;
    });
    this.gauge('seed_scheduler_database_pool_waiting', 'Statements that wait for a connection of the pool.', () => {
      return pool().waitingCount;
    });
  }

  private showNotifications(notifications: Notifications): void {
    this.gauge(
      'seed_scheduler_notifications_connected',
      'Whether the connection that hears other replicas is up: 1 or 0. Without it deliveries are polled for.',
      () => (notifications.isConnected ? 1 : 0),
    );
    readCounter(
      {
        name: 'seed_scheduler_notifications_reconnects_total',
        help: 'Times that the connection that hears other replicas was made anew.',
        registry: this.registry,
      },
      () => notifications.reconnects,
    );
  }

  private showLog(): void {
    readCounter(
      {
        name: 'seed_scheduler_log_lines_dropped_total',
        help: 'Log lines that could not be written to standard output and were dropped.',
        registry: this.registry,
      },
      () => standardOutput.dropped,
    );
  }

  private gauge(name: string, help: string, read: () => number): void {
    readGauge({ name, help, registry: this.registry }, read);
  }
}
