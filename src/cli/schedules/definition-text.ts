import type { ScheduleDto } from '../../schedules/schedules.dto.js';

/** The one of the two that a schedule has. */
export function definitionText(view: Pick<ScheduleDto, 'cron_definition' | 'interval_definition'>): string {
  return view.cron_definition ?? view.interval_definition ?? '';
}
