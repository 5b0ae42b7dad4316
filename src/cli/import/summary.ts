import type { Visibility } from '../../config/config.js';
import type { ImportReport } from '../../legacy/import-report.js';
import type { Survey } from '../../legacy/legacy-database.js';
import type { Cell } from '../output.js';

const MAX_USERS = 50;

/** Returns what changes for users of the replaced service, where every one saw and changed every schedule. */
export function visibleText({ taken, visible }: ImportReport, visibility: Visibility | null): string[] {
  if (visible.length === 0 || taken === 0) return [];
  if (visibility === 'all')
    return [`\nEvery user sees and changes all ${taken} schedules, as in the replaced service.`];
  const fewer = visible.filter(({ group }) => group < taken);
  if (fewer.length === 0) return [`\nEach of the ${visible.length} users sees all ${taken} schedules here too.`];
  return [
    `\nIn the replaced service every user saw and changed every schedule. With --visibility group, ${fewer.length} of ` +
      `${visible.length} users see fewer here, and lists, counts and "requeue all failed tasks" cover only those.`,
  ];
}

/** Returns those who would see fewer with `group`, as rows of a table; the ones who lose most come first. */
export function visibleRows({ taken, visible }: ImportReport): Record<string, Cell>[] {
  const fewer = visible.filter(({ group }) => group < taken);
  const rows: Record<string, Cell>[] = fewer
    .slice(0, MAX_USERS)
    .map(({ user, there, group }) => ({ user, 'saw there': there, 'sees with group': group, 'sees with all': taken }));
  const more = fewer.length - rows.length;
  return more > 0
    ? [...rows, { user: `and ${more} more`, 'saw there': null, 'sees with group': null, 'sees with all': null }]
    : rows;
}

/** Returns what becomes of schedules that no user created. */
export function ownerlessText(
  { ownerless }: ImportReport,
  { visibility, ownerOfOwnerless }: { visibility?: Visibility; ownerOfOwnerless?: string },
): string[] {
  if (ownerless === 0 || visibility === 'all' || ownerOfOwnerless !== undefined) return [];
  const who = visibility === 'group' ? 'only admins see them' : 'only admins see them with --visibility group';
  return [`\n${ownerless} schedules have no creator: ${who}. --owner-of-ownerless <user> gives them to a user.`];
}

/** Returns what the replaced service has that this one does not take. */
export function untakenText({ failedTasks, webhooks }: Survey): string[] {
  const counts: [string, number | null, string][] = [
    ['failed tasks', failedTasks, 'not taken; requeue them there before the switch'],
    ['webhooks', webhooks, 'not taken; this service has none'],
  ];
  const found = counts.flatMap(([what, count, becomes]) => (count ? [`\n${count} ${what}: ${becomes}.`] : []));
  const uncounted = counts.filter(([, count]) => count === null).map(([what]) => what);
  if (uncounted.length === 0) return found;
  return [...found, `\nNot counted: ${uncounted.join(', ')}. Their tables do not exist there, or cannot be read.`];
}
