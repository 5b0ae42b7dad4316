import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { SigningKeys } from '../auth/signing-keys.js';
import {
  type DeliveryTarget,
  DeliveryTargets,
  type Target,
  type UnusableTarget,
} from '../deliveries/delivery-targets.js';
import { KeyHolders } from '../secrets/key-holders.js';
import { MissingKeys } from '../secrets/missing-keys.js';
import { MissingKeyError } from '../secrets/secret-cipher.js';
import { type SecretBox, SecretVault } from '../secrets/secret-vault.js';
import { AUTH_TOKENS } from './auth-tokens.js';
import { originOf } from './endpoint-origin.js';
import { LOAD_TARGETS } from './schedules.queries.js';

interface TargetRow {
  id: string;
  endpoint: string;
  payload: string;
  auth_token: Buffer | null;
  origin_id: number;
  trigger_id: string;
  halted_at: Date | null;
  created_by: number | null;
  signing_secrets: string | null;
}

/** One that needs a key that is not configured here. */
interface Unopened {
  scheduleId: string;
  /** the secret that could not be opened */
  opening: string;
  missingKey: string;
  /** of all its secrets: who makes the delivery needs them all */
  neededKeys: string[];
}

/** Deliveries go to the endpoints of schedules, as these are at the time of the attempt. */
@Injectable()
export class ScheduleTargets extends DeliveryTargets {
  private readonly authTokens: SecretBox;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly signingKeys: SigningKeys,
    private readonly keyHolders: KeyHolders,
    private readonly missingKeys: MissingKeys,
    vault: SecretVault,
  ) {
    super();
    this.authTokens = vault.boxFor(AUTH_TOKENS);
  }

  async load(scheduleIds: string[]): Promise<Map<string, Target>> {
    const rows = await this.dataSource.query<TargetRow[]>(LOAD_TARGETS, [scheduleIds]);
    const targets = new Map<string, Target>();
    const unopened: Unopened[] = [];
    for (const row of rows) {
      const target = this.targetOf(row);
      if ('missingKey' in target) unopened.push(target);
      else targets.set(row.id, target);
    }
    if (unopened.length > 0) await this.addUnopened(unopened, targets);
    return targets;
  }

  private targetOf(row: TargetRow): DeliveryTarget | UnusableTarget | Unopened {
    const origin = originOf(row.endpoint);
    if (origin === null) return { fault: 'the stored endpoint is not an http or https URL' };
    let opening = 'the stored auth token';
    try {
      const authToken = row.auth_token && this.authTokens.open(row.auth_token, row.id);
      opening = "the signing secret of the schedule's creator";
      const signingKeys = this.signingKeys.keysOf(row.created_by, row.signing_secrets);
      const { endpoint, payload, origin_id: originId, trigger_id: triggerId, halted_at: haltedAt } = row;
      return { endpoint, origin, payload, authToken, signingKeys, originId, triggerId, haltedAt };
    } catch (error) {
      if (!(error instanceof MissingKeyError)) {
        return { fault: `${opening} cannot be read: ${(error as Error).message}` };
      }
      const neededKeys = this.signingKeys.keyIdsOf(row.signing_secrets);
      if (row.auth_token) neededKeys.push(this.authTokens.keyIdOf(row.auth_token));
      return { scheduleId: row.id, opening, missingKey: error.keyId, neededKeys };
    }
  }

  /** What another live process can open is left to it; what none can open fails. */
  private async addUnopened(unopened: Unopened[], targets: Map<string, Target>): Promise<void> {
    const areOpenElsewhere = await this.keyHolders.areWithOthers(unopened.map(({ neededKeys }) => neededKeys));
    unopened.forEach(({ scheduleId, opening, missingKey }, i) => {
      const isOpenElsewhere = areOpenElsewhere[i] ?? false;
      this.missingKeys.report(missingKey, isOpenElsewhere ? 'returned' : 'failed');
      const fault = `${opening} cannot be read: it was encrypted under key ${missingKey}, which no running replica has`;
      targets.set(scheduleId, isOpenElsewhere ? { isLocked: true } : { fault });
    });
  }
}
