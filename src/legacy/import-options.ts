import type { Keep } from './difference.js';
import type { ImportReport } from './import-report.js';

/** What becomes of `frequency`, which the replaced service has not enforced since 2016. */
export type FrequencyDecision = 'keep' | 'drop';

/** How an import goes about it. */
export interface ImportOptions {
  /** false: only looks, and says what it would do */
  isApplying: boolean;
  /** takes what the replaced service has also where it was changed here since */
  isOverwriting: boolean;
  /** removes schedules that came from there and are no longer there */
  isPruning: boolean;
  /** takes what is proposed for rows that ran there and are refused here */
  isTakingProposals: boolean;
  /** null while nobody has decided: then nothing is applied if it matters */
  frequency: FrequencyDecision | null;
  /** what the user is known by here (`email`) who gets schedules without a creator; null: nobody gets them */
  ownerOfOwnerless: string | null;
  /** where the replaced service's tables are; null for the first schema of the connection's search path */
  schema: string | null;
  /** how many findings of each sort and kind are kept; the others are counted only */
  keep: Keep;
  /** called after each page of schedules */
  onProgress?: (done: number, total: number) => void;
  /** called with the ids of schedules that were removed */
  onPruned?: (ids: string[]) => Promise<void>;
  /** called once something was written, at the end, also when that is a failure */
  onWritten?: (report: ImportReport) => Promise<void>;
  /** stops after the page under way; what was done stays done, and the next run goes on from there */
  signal?: AbortSignal;
}
