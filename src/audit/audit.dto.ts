import { ApiProperty } from '@nestjs/swagger';
import { AUDIT_ACTIONS, type AuditAction } from '../http/audited.decorator.js';
import { PageDto } from '../http/page.dto.js';
import type { AuditRow } from './audit-log.js';
import { ACTOR_KINDS, type ActorKind } from './audit-record.entity.js';

class ActorDto {
  /** A user, the command line, or the service itself. */
  @ApiProperty({ enum: ACTOR_KINDS })
  kind: ActorKind;

  /**
   * Of a user.
   * @example 1
   */
  @ApiProperty({ type: 'integer', nullable: true })
  id: number | null;

  /**
   * As it was then.
   * @example "admin@localhost"
   */
  email: string | null;
}

class TargetDto {
  /** @example "schedule" */
  kind: string;

  /**
   * Null for all of that kind, or where the path held no id.
   * @example "0197b6a0-6d2f-7c31-9a41-d0a9fd9b1c55"
   */
  id: string | null;
}

export class AuditRecordDto {
  /** @example 1 */
  @ApiProperty({ type: 'integer', minimum: 1 })
  id: number;

  at: Date;

  @ApiProperty({ type: ActorDto })
  actor: ActorDto;

  @ApiProperty({ enum: AUDIT_ACTIONS })
  action: AuditAction;

  /** Denied: answered with 403, nothing changed. */
  @ApiProperty({ enum: ['done', 'denied'] })
  outcome: 'done' | 'denied';

  @ApiProperty({ type: TargetDto })
  target: TargetDto;

  /**
   * Names of the fields that the request gave; never their values.
   * @example ["endpoint", "auth_token"]
   */
  fields: string[];

  /**
   * The client's address; host and process id for the command line and the service itself.
   * @example "203.0.113.7"
   */
  source: string;

  /**
   * The `X-Request-Id` of the answer.
   * @example "8a5ed1f4-11c5-4b6b-a2b8-0d3c1c1f8d15"
   */
  request_id: string | null;

  static of(row: AuditRow): AuditRecordDto {
    return {
      id: Number(row.id),
      at: row.at,
      actor: { kind: row.actor_kind, id: row.actor_id, email: row.actor_email },
      action: row.action,
      outcome: row.outcome,
      target: { kind: row.target_kind, id: row.target_id },
      fields: row.fields,
      source: row.source,
      request_id: row.request_id,
    };
  }
}

export class AuditPageDto extends PageDto {
  @ApiProperty({ type: [AuditRecordDto] })
  results: AuditRecordDto[];
}
