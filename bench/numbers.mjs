/** @returns the value below which a share of the sorted values lies; null of nothing */
export function percentile(sorted, share) {
  return sorted.length === 0 ? null : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

export function median(values) {
  return percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}

/** @returns p50, p99 and the highest of values in any order */
export function summary(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    count: sorted.length,
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    max: sorted.at(-1) ?? null,
  };
}

/** A whole number of things, scaled down from the size of a full run, but not below what still says something. */
export function scaled(full, scale, atLeast = 1) {
  return Math.max(Math.min(full, atLeast), Math.round(full * scale));
}

/** A number as a person reads it: no more than three figures behind the point, and those only where they count. */
export function compact(value) {
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return Number(value.toFixed(digits)).toLocaleString('en-US', { maximumFractionDigits: digits });
}
