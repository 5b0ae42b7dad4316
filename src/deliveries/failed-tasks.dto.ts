import { ApiProperty } from '@nestjs/swagger';
import { PageDto } from '../http/page.dto.js';
import { deliveryId } from './delivery.js';
import type { FailedTask } from './failed-task.entity.js';

export class FailedTaskDto {
  /** @example 1 */
  @ApiProperty({ type: 'integer', minimum: 1 })
  id: number;

  /** @example "http://scheduler.example.org/api/v1/failed-tasks/1/" */
  @ApiProperty({ type: 'string', format: 'uri' })
  url: string;

  /** @example "2b1c1e3e-5d0e-5f43-8b7b-1f0c9d55aa10" */
  @ApiProperty({ type: 'string', format: 'uuid' })
  delivery_id: string;

  /** @example "http://scheduler.example.org/api/v1/schedule/0197b6a0-6d2f-7c31-9a41-d0a9fd9b1c55/" */
  @ApiProperty({ type: 'string', format: 'uri' })
  schedule: string;

  /**
   * The tick that could not be delivered.
   * @example "2026-01-01T00:00:00.000Z"
   */
  scheduled_for: Date;

  failed_at: Date;

  /** @example 6 */
  @ApiProperty({ type: 'integer', minimum: 0 })
  attempts: number;

  /**
   * Status of the last answer; null when none came.
   * @example 500
   */
  @ApiProperty({ type: 'integer', nullable: true })
  status: number | null;

  /**
   * Why no answer came.
   * @example null
   */
  error: string | null;

  static of(task: FailedTask, publicUrl: string): FailedTaskDto {
    return {
      id: task.id,
      url: `${publicUrl}/api/v1/failed-tasks/${task.id}/`,
      delivery_id: deliveryId(task.scheduleId, task.scheduledFor),
      schedule: `${publicUrl}/api/v1/schedule/${task.scheduleId}/`,
      scheduled_for: task.scheduledFor,
      failed_at: task.failedAt,
      attempts: task.attempts,
      status: task.status,
      error: task.error,
    };
  }
}

export class FailedTaskPageDto extends PageDto {
  @ApiProperty({ type: [FailedTaskDto] })
  results: FailedTaskDto[];
}

export class RequeuedDto {
  /** @example true */
  requeued_failed_tasks: boolean;
}
