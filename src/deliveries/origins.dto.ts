import { ApiProperty } from '@nestjs/swagger';
import { PageDto } from '../http/page.dto.js';
import type { Origin } from './origin.entity.js';

export const BREAKER_STATES = ['closed', 'open'] as const;
export type BreakerState = (typeof BREAKER_STATES)[number];

export class OriginDto {
  /**
   * Scheme, host and port of endpoints.
   * @example "https://app.example.org"
   */
  origin: string;

  /** Open: its deliveries wait, without using up attempts, but for one probe at a time. */
  @ApiProperty({ enum: BREAKER_STATES })
  breaker: BreakerState;

  /**
   * Attempts without an answer, or answered by 429 or 5xx, since the last other answer.
   * @example 0
   */
  @ApiProperty({ type: 'integer', minimum: 0 })
  failures_in_row: number;

  opened_at: Date | null;

  /** When the next probe may go. */
  probe_at: Date | null;

  static of({ origin, failuresInRow, openedAt, probeAt }: Origin): OriginDto {
    const breaker = openedAt && failuresInRow > 0 ? 'open' : 'closed';
    return { origin, breaker, failures_in_row: Math.max(0, failuresInRow), opened_at: openedAt, probe_at: probeAt };
  }
}

export class OriginPageDto extends PageDto {
  @ApiProperty({ type: [OriginDto] })
  results: OriginDto[];
}
