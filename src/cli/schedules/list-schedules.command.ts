import { Option, SubCommand } from 'nest-commander';
import { Scope } from '../../database/scope.js';
import { type ScheduleFilter, scheduleFilter } from '../../schedules/schedule-filter.js';
import { ScheduleList } from '../../schedules/schedule-list.js';
import { scheduleView } from '../../schedules/schedule.view.js';
import { wholeNumber } from '../arguments.js';
import { CliCommand, type PrintOptions } from '../cli-command.js';
import { reasonOf, UsageError } from '../faults.js';
import { Output } from '../output.js';
import { Services } from '../services.js';
import { definitionText } from './definition-text.js';

const LIMIT = '--limit <number>';
const OFFSET = '--offset <number>';
const DEFAULT_LIMIT = 100;

interface ListOptions extends PrintOptions {
  limit?: number;
  offset?: number;
  enabled?: string;
  endpoint?: string;
  cron?: string;
  interval?: string;
  frequency?: string;
}

@SubCommand({ name: 'list', description: 'list schedules, newest first' })
export class ListSchedulesCommand extends CliCommand {
  constructor(
    private readonly services: Services,
    private readonly output: Output,
  ) {
    super();
  }

  override async run(_: string[], options: ListOptions): Promise<void> {
    const { limit = DEFAULT_LIMIT, offset = 0 } = options;
    const { enabled, endpoint, frequency, cron: cron_definition, interval: interval_definition } = options;
    const filter = filterOf({ enabled, endpoint, frequency, cron_definition, interval_definition });
    const [views, count] = await this.services.use(async (app, { http }) => {
      const [found, inAll] = await app.get(ScheduleList).page(filter, Scope.everything(), { limit, offset, url: '' });
      return [found.map((schedule) => scheduleView(schedule, http.publicUrl ?? '')), inAll] as const;
    });
    if (options.json) return this.output.json({ count, results: views });
    const rows = views.map((view) => ({
      id: view.id,
      definition: definitionText(view),
      endpoint: view.endpoint,
      enabled: view.enabled,
      triggered: view.triggered,
      next_send_at: view.next_send_at,
    }));
    this.output.rows(rows, options);
    if (rows.length < count)
      this.output.note(`${offset + 1} to ${offset + rows.length} of ${count}: see --limit, --offset`);
  }

  @Option({ flags: LIMIT, description: `at most so many (default: ${DEFAULT_LIMIT})` })
  limit(value: string): number {
    return wholeNumber(value, 1, LIMIT);
  }

  @Option({ flags: OFFSET, description: 'pass over so many' })
  offset(value: string): number {
    return wholeNumber(value, 0, OFFSET);
  }

  @Option({ flags: '--enabled <true|false>', description: 'only those that are on, or off' })
  enabled(value: string): string {
    return value;
  }

  @Option({ flags: '--endpoint <url>', description: 'only those with this endpoint' })
  endpoint(value: string): string {
    return value;
  }

  @Option({ flags: '--cron <crontab>', description: 'only those with this crontab' })
  cron(value: string): string {
    return value;
  }

  @Option({ flags: '--interval <interval>', description: 'only those with this interval' })
  interval(value: string): string {
    return value;
  }

  @Option({ flags: '--frequency <number>', description: 'only those with so many runs in total' })
  frequency(value: string): string {
    return value;
  }
}

function filterOf(query: Record<string, string | undefined>): ScheduleFilter {
  try {
    return scheduleFilter(query);
  } catch (error) {
    throw new UsageError(reasonOf(error));
  }
}
