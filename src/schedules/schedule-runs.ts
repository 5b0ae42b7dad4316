import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import type { Scope } from '../database/scope.js';
import { deliveryId } from '../deliveries/delivery.js';
import { NotFoundError } from '../http/domain-error.js';
import { runNow } from './schedules.queries.js';

/** A delivery that somebody asked for. */
export interface OrderedDelivery {
  id: string;
  /** the instant of the call, which stands for the tick */
  scheduledFor: Date;
}

/** Runs on demand, beside those that fall due. */
@Injectable()
export class ScheduleRuns {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Orders one delivery for the present instant. It goes through the queue, is retried and recorded as any other; a
   * schedule that is off can be run as well. It is no run of the definition's: `triggered`, `last_run` and
   * `next_send_at` stay as they are, and `frequency` is not used up.
   *
   * @throws NotFoundError
   */
  async runNow(scheduleId: string, scope: Scope): Promise<OrderedDelivery> {
    const sql = runNow(scope.includes('created_by', '$2'));
    for (;;) {
      const values = [scheduleId, ...scope.values];
      const [row] = await this.dataSource.query<{ scheduled_for: Date | null }[]>(sql, values);
      if (!row) throw new NotFoundError();
      // Another call has this millisecond; the next one is free.
      if (!row.scheduled_for) continue;
      return { id: deliveryId(scheduleId, row.scheduled_for), scheduledFor: row.scheduled_for };
    }
  }
}
