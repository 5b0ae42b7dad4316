import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { SigningKeys } from '../auth/signing-keys.js';
import { type DeliveryTarget, DeliveryTargets, type UnusableTarget } from '../deliveries/delivery-targets.js';
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

/** Deliveries go to the endpoints of schedules, as these are at the time of the attempt. */
@Injectable()
export class ScheduleTargets extends DeliveryTargets {
  private readonly authTokens: SecretBox;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly signingKeys: SigningKeys,
    vault: SecretVault,
  ) {
    super();
    this.authTokens = vault.boxFor(AUTH_TOKENS);
  }

  async load(scheduleIds: string[]): Promise<Map<string, DeliveryTarget | UnusableTarget>> {
    const rows = await this.dataSource.query<TargetRow[]>(LOAD_TARGETS, [scheduleIds]);
    return new Map(rows.map((row) => [row.id, this.targetOf(row)]));
  }

  private targetOf(row: TargetRow): DeliveryTarget | UnusableTarget {
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
      return { fault: `${opening} cannot be read: ${(error as Error).message}` };
    }
  }
}
