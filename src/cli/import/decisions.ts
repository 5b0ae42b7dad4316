import type { Visibility } from '../../config/config.js';
import type { FrequencyDecision } from '../../legacy/import-options.js';
import type { ImportReport } from '../../legacy/import-report.js';
import { UsageError } from '../faults.js';

/** What the operator decided, as far as it was given. */
export interface Decisions {
  visibility: Visibility | null;
  frequency: FrequencyDecision | null;
}

/**
 * Throws unless whose schedules users see was decided, and the setting agrees: it is what the service goes by.
 *
 * @param setting SCHEDULE_VISIBILITY
 */
export function requireVisibility(visibility: Visibility | null, setting: Visibility): void {
  if (visibility === null) {
    throw new UsageError(
      '--apply needs --visibility group or --visibility all: without --apply, the import shows what users would see',
    );
  }
  const fault = disagreement(visibility, setting);
  if (fault) throw new UsageError(fault);
}

/** What is still to be decided or set before an import can be applied, a sentence each. */
export function openDecisions(
  { visibility, frequency }: Decisions,
  setting: Visibility,
  { survey }: ImportReport,
): string[] {
  const open: string[] = [];
  if (visibility === null) {
    open.push(
      'Choose --visibility group (users see their own schedules and those of their groups) or --visibility all ' +
        '(every user sees and changes everything, as before).',
    );
  }
  const fault = visibility && disagreement(visibility, setting);
  if (fault) open.push(`${fault[0]?.toUpperCase()}${fault.slice(1)}.`);
  if (survey.withFrequency > 0 && frequency === null) {
    open.push(
      `Choose --keep-frequency or --drop-frequency: ${survey.withFrequency} enabled schedules have a frequency, ` +
        'which was not enforced there. Kept, it ends them here; dropped, they run without end.',
    );
  }
  return open;
}

function disagreement(visibility: Visibility, setting: Visibility): string | null {
  if (visibility === setting) return null;
  return (
    `--visibility is ${visibility}, but the setting SCHEDULE_VISIBILITY is ${setting}: ` +
    `set it to ${visibility} for every replica and for this command`
  );
}
