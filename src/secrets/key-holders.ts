import { randomUUID } from 'node:crypto';
import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { REPLICA } from '../config/replica.js';
import { WorkLoop } from '../queue/work-loop.js';
import { SecretCipher } from './secret-cipher.js';
import { BEAT, END, KEYS_OF_OTHERS, LIVE_HOLDERS } from './secret-keys.queries.js';

const BEAT_INTERVAL_MS = 5_000;
/** A process that has not been seen for so long is taken for dead. */
const STALE_SECONDS = 20;
const FORGET_SECONDS = 3_600;

/** A process of the service that lives, and ids of its keys, the current one first. */
export interface LiveHolder {
  replica: string;
  keyIds: string[];
}

/** Shows the other processes which keys this one has, and knows which ones they have. */
@Injectable()
export class KeyHolders implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(KeyHolders.name);
  private readonly id = randomUUID();
  private readonly beating = new WorkLoop(KeyHolders.name, () => this.beat(), BEAT_INTERVAL_MS);
  private isShown = false;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly cipher: SecretCipher,
  ) {}

  onApplicationBootstrap(): void {
    this.beating.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.beating.stop();
    if (!this.isShown) return;
    // When this fails, the row becomes stale.
    await this.dataSource.query(END, [this.id]).catch((error: Error) => this.logger.debug(error.message));
  }

  /** Shows this process, within the caller's transaction: before it seals anything. */
  async show(manager: EntityManager): Promise<void> {
    await manager.query(BEAT, [this.id, REPLICA, this.cipher.keyIds, STALE_SECONDS, FORGET_SECONDS]);
    this.isShown = true;
  }

  /**
   * For each set of keys, returns whether another live process has all of them. Asks the database: what another
   * process has sealed a moment ago must not be given up.
   */
  async areWithOthers(keySets: string[][]): Promise<boolean[]> {
    const parameters = [this.id, STALE_SECONDS, FORGET_SECONDS];
    const others = await this.dataSource.query<{ keyIds: string[] }[]>(KEYS_OF_OTHERS, parameters);
    return keySets.map((keys) => others.some(({ keyIds }) => keys.every((key) => keyIds.includes(key))));
  }

  /** Returns the processes that live, this one included when it is shown. */
  live(manager: EntityManager = this.dataSource.manager): Promise<LiveHolder[]> {
    return manager.query<LiveHolder[]>(LIVE_HOLDERS, [STALE_SECONDS]);
  }

  private async beat(): Promise<false> {
    await this.show(this.dataSource.manager);
    return false;
  }
}
