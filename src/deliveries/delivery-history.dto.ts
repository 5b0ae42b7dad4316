import { ApiProperty } from '@nestjs/swagger';
import { PageDto } from '../http/page.dto.js';
import { type Outcome, OUTCOMES } from './attempt.entity.js';

export class AttemptDto {
  /**
   * Number of the attempt, from 1.
   * @example 1
   */
  @ApiProperty({ type: 'integer', minimum: 1 })
  attempt: number;

  started_at: Date;

  /** @example 12 */
  @ApiProperty({ type: 'integer', minimum: 0, nullable: true })
  duration_ms: number | null;

  /**
   * The answer's status; null when none came.
   * @example 200
   */
  @ApiProperty({ type: 'integer', nullable: true })
  status: number | null;

  /**
   * Why no answer came: timeout, connection_error, tls_error, response_too_large, protocol_error, address_refused,
   * invalid_request (the stored data make no HTTP request), internal_error (a fault of the service itself).
   * @example null
   */
  error: string | null;

  /**
   * The first KiB of the answer, or what the error said.
   * @example "ok"
   */
  response: string | null;

  /**
   * When the next attempt is due.
   * @example null
   */
  retry_at: Date | null;

  /**
   * The process that made the attempt.
   * @example "web-1/4711"
   */
  replica: string;

  /**
   * Whether the request was sent twice within this attempt: the receiver had closed the kept connection that it was sent
   * over first, so it was sent again at once over a new one, with the same headers.
   * @example false
   */
  resent: boolean;
}

/** Consecutive ticks that were dropped because they were too late. */
class MissedDto {
  /** @example 59 */
  @ApiProperty({ type: 'integer', minimum: 0 })
  count: number;
  from: Date;
  to: Date;
}

export class DeliveryDto {
  /** The Idempotency-Key of its attempts. */
  @ApiProperty({ type: 'string', format: 'uuid' })
  id: string;

  /** @example "2026-01-01T08:00:00.000Z" */
  scheduled_for: Date;

  /**
   * How it ended; null while it goes on. Missed: too late. Skipped: the one before it had not ended. Cancelled: its
   * schedule was switched off or removed.
   * @example "delivered"
   */
  @ApiProperty({ enum: OUTCOMES, nullable: true })
  outcome: Outcome | null;

  @ApiProperty({ type: MissedDto, nullable: true })
  missed: MissedDto | null;

  @ApiProperty({ type: [AttemptDto] })
  attempts: AttemptDto[];
}

export class DeliveryPageDto extends PageDto {
  @ApiProperty({ type: [DeliveryDto] })
  results: DeliveryDto[];
}
