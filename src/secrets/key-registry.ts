import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { StartError } from '../config/start-error.js';
import { KeyHolders } from './key-holders.js';
import { type KeyStanding, standingOf } from './key-standing.js';
import { ADD_KEY, addKeysOf, keysInUse, KNOWN_KEYS, LOCK_KEYS, REMOVE_KEYS_BUT } from './secret-keys.queries.js';
import { SecretCipher } from './secret-cipher.js';
import { SecretVault } from './secret-vault.js';
import { unknownKeyMessage } from './unknown-key.js';

/** A key that the database knows. */
export interface KnownKey {
  id: string;
  since: Date;
}

/**
 * Keeps in the database which keys secrets are sealed under, so that a process with another key does not start: it
 * would fail the deliveries of others, and seal what they cannot open.
 */
@Injectable()
export class KeyRegistry implements OnModuleInit {
  private readonly logger = new Logger(KeyRegistry.name);

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly cipher: SecretCipher,
    private readonly vault: SecretVault,
    private readonly holders: KeyHolders,
  ) {}

  /** Returns the id of the key that this process seals with. */
  get current(): string {
    return this.cipher.keyIds[0];
  }

  /** Before anything is served, taken or printed. @throws StartError */
  async onModuleInit(): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await this.claim(manager);
      await this.holders.show(manager);
    });
  }

  /**
   * Registers the current key where that is a first start or a rotation; for commands that seal or open secrets.
   *
   * @param options.isFormerLost registers the current key although no former one is configured
   * @throws StartError when the database knows other keys only
   */
  async register({ isFormerLost = false } = {}): Promise<void> {
    await this.dataSource.transaction((manager) => this.claim(manager, isFormerLost));
  }

  /** Returns what the configured keys are to the database, and the keys that it knows. Changes nothing. */
  async standing(): Promise<{ standing: KeyStanding; known: KnownKey[] }> {
    const known = await this.dataSource.query<KnownKey[]>(KNOWN_KEYS);
    return { standing: standingOf(this.cipher.keyIds, ids(known)), known };
  }

  /** @throws StartError as a start would */
  async check(): Promise<void> {
    const { standing, known } = await this.standing();
    if (standing === 'unknown') throw this.refusal(known);
  }

  /** Returns ids of keys that stored secrets are sealed under and that this process does not have. */
  async missing(): Promise<string[]> {
    const own = this.cipher.keyIds;
    const lacking = ids(await this.dataSource.query<KnownKey[]>(KNOWN_KEYS)).filter((id) => !own.includes(id));
    if (lacking.length === 0) return [];
    const found = new Set<string>();
    for (const column of this.vault.columns) {
      for (const { id } of await this.dataSource.query<{ id: string }[]>(keysInUse(column), [lacking])) found.add(id);
    }
    return [...found];
  }

  /**
   * Removes keys that are of no use any more: nothing is sealed under them, and no live process seals with them.
   *
   * @param inUse keys that secrets are sealed under
   * @returns ids of the removed keys
   */
  async retire(inUse: string[]): Promise<string[]> {
    return this.dataSource.transaction(async (manager) => {
      await manager.query(LOCK_KEYS);
      const current = (await this.holders.live(manager)).map(({ keyIds }) => keyIds[0]);
      const kept = [...inUse, ...current, this.current];
      const [removed] = await manager.query<[{ id: string }[], number]>(REMOVE_KEYS_BUT, [kept]);
      return ids(removed);
    });
  }

  private async claim(manager: EntityManager, isFormerLost = false): Promise<void> {
    await manager.query(LOCK_KEYS);
    let known = await manager.query<KnownKey[]>(KNOWN_KEYS);
    if (known.length === 0) {
      // A replica of the release before this one may have sealed something since the migration.
      for (const column of this.vault.columns) await manager.query(addKeysOf(column));
      known = await manager.query<KnownKey[]>(KNOWN_KEYS);
    }
    const standing = standingOf(this.cipher.keyIds, ids(known));
    if (standing === 'known') return;
    if (standing === 'unknown' && !isFormerLost) throw this.refusal(known);
    await manager.query(ADD_KEY, [this.current]);
    if (standing !== 'first') this.logger.log(`secret key ${this.current} takes over from ${ids(known).join(', ')}`);
  }

  private refusal(known: KnownKey[]): StartError {
    return new StartError(unknownKeyMessage(this.cipher.keyIds, known, this.config.secrets.file));
  }
}

function ids(keys: { id: string }[]): string[] {
  return keys.map(({ id }) => id);
}
