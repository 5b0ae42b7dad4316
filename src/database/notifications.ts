import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Client } from 'pg';
import { CONFIG, type Config } from '../config/config.js';
import { IMPATIENCE } from './data-source-options.js';

const RECONNECT_MS = 1_000;
/** A connection that only listens does not notice that the other end is gone, unless it asks. */
const PING_INTERVAL_MS = 10_000;

export type Channel = 'seed_triggers' | 'seed_deliveries';

// A wake-up and nothing more: what is to be done stands in the tables. Sent when the transaction commits.
export const NOTIFY = 'SELECT pg_notify($1, NULL)';

/**
 * Hears what other replicas notify, on one connection of its own.
 *
 * A notification can be lost (the connection broke, a pooler swallowed it), so listeners are also called after each
 * reconnection, and nothing may depend on them for more than speed.
 */
@Injectable()
export class Notifications implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(Notifications.name);
  private readonly listeners = new Map<Channel, () => void>();
  private client: Client | null = null;
  private timer: NodeJS.Timeout | null = null;
  private isStopped = false;
  private isListening = false;
  private connections = 0;

  constructor(@Inject(CONFIG) private readonly config: Config) {}

  get isConnected(): boolean {
    return this.isListening;
  }

  /** How often the connection was made anew since the start. */
  get reconnects(): number {
    return Math.max(0, this.connections - 1);
  }

  /** May be called before this one is connected and after: rooms start in any order. */
  listen(channel: Channel, onNotification: () => void): void {
    this.listeners.set(channel, onNotification);
    // When this fails the connection is broken; the next one listens to all channels.
    if (this.isListening) void this.client?.query(`LISTEN ${channel}`).then(onNotification, () => {});
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.connect();
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopped = true;
    if (this.timer) clearTimeout(this.timer);
    await this.client?.end().catch(() => {});
  }

  private async connect(): Promise<void> {
    if (this.isStopped) return;
    const client = new IMPATIENCE.Client({
      connectionString: this.config.database.url,
      application_name: 'seed-scheduler notifications',
      ...IMPATIENCE,
    });
    client.on('notification', ({ channel }) => this.listeners.get(channel as Channel)?.());
    // One broken connection can report several; what matters is its end.
    client.on('error', () => {});
    let ping: NodeJS.Timeout | undefined;
    client.once('end', () => {
      clearInterval(ping);
      this.reconnectLater(client);
    });
    this.client = client;
    try {
      await client.connect();
      this.isListening = true;
      this.connections += 1;
      for (const channel of this.listeners.keys()) await client.query(`LISTEN ${channel}`);
      ping = setInterval(() => void client.query('SELECT').catch(() => {}), PING_INTERVAL_MS);
      for (const wake of this.listeners.values()) wake();
    } catch (error) {
      this.logger.warn(`cannot listen, polling meanwhile: ${(error as Error).message}`);
      await client.end().catch(() => {});
      this.reconnectLater(client);
    }
  }

  private reconnectLater(broken: Client): void {
    if (this.isStopped || this.client !== broken) return;
    this.client = null;
    this.isListening = false;
    this.timer = setTimeout(() => void this.connect(), RECONNECT_MS);
  }
}
