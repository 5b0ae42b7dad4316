import { type Differences, type Keep, noDifferences } from './difference.js';
import type { Survey } from './legacy-database.js';
import type { Visible } from './visibility.js';

/** What an import did, or would do. */
export interface ImportReport {
  differences: Differences;
  survey: Survey;
  /** schedules of the replaced service that are here, or would be */
  taken: number;
  /** of these, those that no user owns: where users see their own and their groups', only admins see them */
  ownerless: number;
  /** by user, those who lose sight of most first */
  visible: Visible[];
}

export function newReport(survey: Survey, keep: Keep): ImportReport {
  return { differences: noDifferences(keep), survey, taken: 0, ownerless: 0, visible: [] };
}
