import { Option, SubCommand } from 'nest-commander';
import { Scope } from '../../database/scope.js';
import type { DeliveryDto } from '../../deliveries/delivery-history.dto.js';
import { SchedulesService } from '../../schedules/schedules.service.js';
import { scheduleView } from '../../schedules/schedule.view.js';
import { scheduleId, wholeNumber } from '../arguments.js';
import { CliCommand, type PrintOptions } from '../cli-command.js';
import { type Cell, Output } from '../output.js';
import { Services } from '../services.js';
import { definitionText } from './definition-text.js';

const DELIVERIES = '--deliveries <number>';
const DEFAULT_DELIVERIES = 10;

interface ShowOptions extends PrintOptions {
  deliveries?: number;
}

@SubCommand({ name: 'show', arguments: '<id>', description: 'show a schedule and its last deliveries' })
export class ShowScheduleCommand extends CliCommand {
  constructor(
    private readonly services: Services,
    private readonly output: Output,
  ) {
    super();
  }

  override async run([given]: [string], options: ShowOptions): Promise<void> {
    const id = scheduleId(given);
    const limit = options.deliveries ?? DEFAULT_DELIVERIES;
    const { view, deliveries, count } = await this.services.use(async (app, { http }) => {
      const schedules = app.get(SchedulesService);
      const scope = Scope.everything();
      const schedule = await schedules.get(id, scope);
      const [history, inAll] = await schedules.history(id, scope, { limit, offset: 0, url: '' });
      return { view: scheduleView(schedule, http.publicUrl ?? ''), deliveries: history, count: inAll };
    });
    if (options.json) return this.output.json({ ...view, deliveries: { count, results: deliveries } });
    const { url: _url, id: _id, cron_definition: _cron, interval_definition: _interval, payload, ...fields } = view;
    this.output.fields({ id, definition: definitionText(view), ...fields, payload: payload.text }, options);
    if (limit === 0) return;
    this.output.line(`\nDeliveries, the latest ${deliveries.length} of ${count}:`);
    this.output.rows(deliveries.map(deliveryRow), options);
  }

  @Option({ flags: DELIVERIES, description: `the latest so many deliveries (default: ${DEFAULT_DELIVERIES})` })
  deliveries(value: string): number {
    return wholeNumber(value, 0, DELIVERIES);
  }
}

/** One delivery in one line: how it went is told by its last attempt. */
export function deliveryRow({ id, scheduled_for, outcome, attempts }: DeliveryDto): Record<string, Cell> {
  const last = attempts.at(-1);
  return {
    id,
    scheduled_for,
    outcome: outcome ?? 'going on',
    attempts: attempts.length,
    status: last?.status ?? last?.error,
    duration_ms: last?.duration_ms,
    retry_at: outcome ? null : last?.retry_at,
  };
}
