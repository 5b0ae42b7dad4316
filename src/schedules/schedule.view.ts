import { RawJson } from '../http/raw-json.js';
import { userUrl } from '../users/users.dto.js';
import { nextTick } from './definitions/definition.js';
import type { Schedule } from './schedule.entity.js';
import { MASKED_TOKEN, type ScheduleDto } from './schedules.dto.js';
import { definitionOf, type Trigger } from './trigger.entity.js';

export function scheduleUrl(id: string, publicUrl: string): string {
  return `${publicUrl}/api/v1/schedule/${id}/`;
}

/** @param schedule with its trigger */
export function scheduleView(schedule: Schedule, publicUrl: string): ScheduleDto {
  const { trigger } = schedule;
  return {
    url: scheduleUrl(schedule.id, publicUrl),
    id: schedule.id,
    frequency: schedule.frequency,
    cron_definition: trigger.kind === 'cron' ? trigger.text : null,
    interval_definition: trigger.kind === 'interval' ? trigger.text : null,
    endpoint: schedule.endpoint,
    payload: rawPayload(schedule.payload),
    auth_token: schedule.authToken ? MASKED_TOKEN : null,
    next_send_at: nextSendAt(schedule),
    enabled: schedule.enabled,
    catch_up: schedule.catchUp,
    overlap: schedule.overlap,
    triggered: schedule.triggered,
    last_run: schedule.lastRun,
    created_at: schedule.createdAt,
    created_by: schedule.createdBy === null ? null : userUrl(schedule.createdBy, publicUrl),
    updated_at: schedule.updatedAt,
    updated_by: schedule.updatedBy === null ? null : userUrl(schedule.updatedBy, publicUrl),
  };
}

/** The trigger's next tick, or the first after the schedule became active, whichever is later. */
export function nextSendAt({ enabled, activeSince, trigger }: Schedule): Date | null {
  if (!enabled || !trigger.nextFireAt) return null;
  return trigger.nextFireAt > activeSince ? trigger.nextFireAt : firstTickAfter(activeSince, trigger);
}

/** Null also for a stored definition that cannot be read: its trigger is set aside when it is due. */
function firstTickAfter(instant: Date, trigger: Trigger): Date | null {
  try {
    return nextTick(triggerDefinition(trigger), instant);
  } catch {
    return null;
  }
}

/** A payload that is not JSON, which only another program can have stored, is shown as a string: else it breaks the page. */
function rawPayload(text: string): RawJson {
  try {
    JSON.parse(text);
    return new RawJson(text);
  } catch {
    return new RawJson(JSON.stringify(text));
  }
}

export function triggerDefinition({ kind, text, timeZone, phase }: Trigger): ReturnType<typeof definitionOf> {
  return definitionOf({ kind, text, time_zone: timeZone, phase });
}
