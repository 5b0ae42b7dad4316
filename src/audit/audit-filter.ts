import { AUDIT_ACTIONS, type AuditAction } from '../http/audited.decorator.js';
import { type FieldMessages, InvalidInputError } from '../http/domain-error.js';

/** What a record must have; what is absent is not looked at. */
export interface AuditFilter {
  actorId?: number;
  actorKind?: 'cli' | 'system';
  action?: AuditAction;
  targetKind?: string;
  targetId?: string;
  /** inclusive */
  since?: Date;
  /** exclusive */
  until?: Date;
}

const INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/i;

/**
 * The filter that a query string asks for: `actor` (a user's id, `cli` or `system`), `action`, `target` (a kind, or
 * kind/id), `since` and `until` (RFC 3339, or a date in UTC). Blank values and other names are passed over.
 *
 * @throws InvalidInputError
 */
export function auditFilter(query: Record<string, unknown>): AuditFilter {
  const faults: FieldMessages = {};
  const matching = <T>(name: string, read: (text: string) => T | undefined, expected: string): T | undefined => {
    const text = typeof query[name] === 'string' ? query[name].trim() : query[name];
    if (text === undefined || text === '') return undefined;
    const value = typeof text === 'string' ? read(text) : undefined;
    if (value === undefined) faults[name] = [expected];
    return value;
  };
  const target = matching('target', targetOf, 'Enter a kind, or kind/id.');
  const filter = {
    ...matching('actor', actorOf, 'Enter a user id, cli or system.'),
    action: matching('action', (text) => AUDIT_ACTIONS.find((action) => action === text), 'Enter a known action.'),
    ...target,
    since: matching('since', instantOf, 'Enter an instant as in 2026-01-31T08:00:00Z.'),
    until: matching('until', instantOf, 'Enter an instant as in 2026-01-31T08:00:00Z.'),
  };
  if (Object.keys(faults).length > 0) throw new InvalidInputError(faults);
  return filter;
}

function actorOf(text: string): Pick<AuditFilter, 'actorId' | 'actorKind'> | undefined {
  if (/^\d{1,9}$/.test(text)) return { actorId: Number(text) };
  return text === 'cli' || text === 'system' ? { actorKind: text } : undefined;
}

function targetOf(text: string): Pick<AuditFilter, 'targetKind' | 'targetId'> | undefined {
  const [, targetKind, targetId] = /^([a-z-]{1,32})(?:\/([^\0]{1,256}))?$/.exec(text) ?? [];
  return targetKind ? { targetKind, targetId } : undefined;
}

function instantOf(text: string): Date | undefined {
  const instant = new Date(INSTANT.test(text) ? text : NaN);
  return Number.isNaN(instant.getTime()) ? undefined : instant;
}
