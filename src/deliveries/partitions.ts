const DAY_MS = 86_400_000;
const DAYS_AHEAD = 3;

export interface Partition {
  name: string;
  /** first instant, and the first one after it; RFC 3339 */
  from: string;
  to: string;
}

/** The daily partitions, by UTC day, that are written to from yesterday to three days ahead. */
export function partitionsAhead(now: Date): Partition[] {
  const today = Math.floor(now.getTime() / DAY_MS);
  return Array.from({ length: DAYS_AHEAD + 2 }, (_, i) => partitionOf(today - 1 + i));
}

/** Those of the partitions whose whole day is older than the retention time. */
export function expiredPartitions(names: string[], now: Date, retentionDays: number): string[] {
  const oldestDay = Math.floor((now.getTime() - retentionDays * DAY_MS) / DAY_MS);
  const oldest = partitionOf(oldestDay).name;
  return names.filter((name) => name < oldest);
}

function partitionOf(day: number): Partition {
  const from = new Date(day * DAY_MS).toISOString();
  const to = new Date((day + 1) * DAY_MS).toISOString();
  return { name: `attempts_${from.slice(0, 10).replaceAll('-', '')}`, from, to };
}
