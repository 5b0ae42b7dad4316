import type { Differences } from './difference.js';

/** How an import goes about it. */
export interface ImportOptions {
  /** false: only looks, and says what it would do */
  isApplying: boolean;
  /** takes what the replaced service has also where it was changed here since */
  isOverwriting: boolean;
  /** where the replaced service's tables are; null for the first schema of the connection's search path */
  schema: string | null;
  /** how many findings of each sort and kind are kept; the others are counted only */
  keepFindings: number;
  /** called after each page of schedules */
  onProgress?: (done: number, total: number) => void;
  /** called once something was written, at the end, also when that is a failure */
  onWritten?: (differences: Differences) => Promise<void>;
  /** stops after the page under way; what was done stays done, and the next run goes on from there */
  signal?: AbortSignal;
}
