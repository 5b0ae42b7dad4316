import { QueryFailedError } from 'typeorm';

/**
 * Whether the database will never take a statement: SQLSTATE classes 22 (data) and 23 (integrity). A row that was on its
 * way to the default partition while the partition of its day was attached is none of these: it is taken the next time.
 */
export function isRefused(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  const { code, routine } = error.driverError as { code?: string; routine?: string };
  return /^2[23]/.test(code ?? '') && routine !== 'ExecPartitionCheckEmitError';
}
