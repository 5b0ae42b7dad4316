/**
 * What a scenario is to show. Each goal tells its bound, the value that was measured and whether it is met.
 *
 * @returns {{ name: string, value: number | null, bound: number, unit: string, comparison: string, isMet: boolean }}
 */
const goal = (comparison, isMetBy) => (name, value, bound, unit) => ({
  name,
  value,
  bound,
  unit,
  comparison,
  isMet: value !== null && Number.isFinite(value) && isMetBy(value, bound),
});

export const atLeast = goal('>=', (value, bound) => value >= bound);
export const above = goal('>', (value, bound) => value > bound);
export const below = goal('<', (value, bound) => value < bound);

/** How far a value is from its bound, as a share of the bound; 0 when the goal is met, null when nothing was measured. */
export function distanceOf({ value, bound, isMet }) {
  if (isMet) return 0;
  return value === null ? null : Math.abs(value - bound) / Math.abs(bound);
}
