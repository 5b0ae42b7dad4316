import { InvalidInputError } from '../http/domain-error.js';
import { crontabThere, intervalThere } from './definitions-there.js';
import type { LegacySchedule } from './legacy-database.js';
import { type MappingContext, type WantedSchedule, wantedSchedule } from './legacy-schedule.js';
import { type Proposal, proposalFor, secondId } from './proposal.js';

/** What a row of the replaced service becomes: schedules, usually one, or a reason why none. */
export type Reading = { wanted: WantedSchedule[] } | { refusal: string };

/** Returns the ids that a row may have here: a row with two definitions may become two schedules. */
export function idsOf({ id, cron_definition, interval_definition }: LegacySchedule): string[] {
  return cron_definition?.trim() && interval_definition?.trim() ? [id, secondId(id)] : [id];
}

/**
 * Reads a row as it is, or by what is proposed in its place.
 *
 * @param isTakingProposals false: a proposal is only named in the refusal
 */
export function readRow(row: LegacySchedule, isTakingProposals: boolean, context: MappingContext): Reading {
  try {
    return { wanted: [wantedSchedule(row, context)] };
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const faults = faultsIn(error);
    const proposal = proposalFor(row);
    if (!proposal) return { refusal: neverRan(row) ? `${faults}; never ran there either` : faults };
    const proposed = readProposal(proposal, context);
    if ('wanted' in proposed && isTakingProposals) {
      const note = `taken as proposed: ${proposal.text}; as it is: ${faults}`;
      return { wanted: proposed.wanted.map((schedule) => ({ ...schedule, notes: [note, ...schedule.notes] })) };
    }
    // One that mends no fault is none; one that leaves a fault is told, and not taken.
    const isOfUse = 'wanted' in proposed || proposed.faults.length < faultyFields(error).length;
    return { refusal: isOfUse ? `${faults}; proposed: ${proposal.text}` : faults };
  }
}

/** Returns the schedules of a proposal, or the fields that are faulty in it too. */
function readProposal(
  { rows }: Proposal,
  context: MappingContext,
): { wanted: WantedSchedule[] } | { faults: string[] } {
  try {
    return { wanted: rows.map((row) => wantedSchedule(row, context)) };
  } catch (error) {
    if (error instanceof InvalidInputError) return { faults: faultyFields(error) };
    throw error;
  }
}

function faultyFields({ fields }: InvalidInputError): string[] {
  return Object.keys(fields);
}

function neverRan({ cron_definition, interval_definition }: LegacySchedule): boolean {
  const [cron, interval] = [cron_definition?.trim(), interval_definition?.trim()];
  return !(cron && crontabThere(cron)) && !(interval && intervalThere(interval));
}

function faultsIn({ fields }: InvalidInputError): string {
  return Object.entries(fields)
    .map(([field, messages]) => (field === 'non_field_errors' ? '' : `${field}: `) + messages.join(' '))
    .join('; ');
}
