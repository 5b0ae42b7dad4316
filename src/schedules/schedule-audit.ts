import type { AuditAction, Exchange } from '../http/audited.decorator.js';
import type { ScheduleDto } from './schedules.dto.js';

/** Switching a schedule on or off and nothing else is told apart from other changes. */
export function changeOf({ fields, result }: Exchange): AuditAction {
  const isSwitch = fields.length > 0 && fields.every((name) => name === 'enabled' || name === 'active');
  if (!isSwitch) return 'schedule.update';
  return (result as ScheduleDto).enabled ? 'schedule.enable' : 'schedule.disable';
}
