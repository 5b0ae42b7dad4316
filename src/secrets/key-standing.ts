/**
 * What a process's keys are to a database:
 *
 * - `first`: the database knows no key yet
 * - `known`: it knows the current key
 * - `rotation`: it knows a former key, and the current one takes over from it
 * - `unknown`: it knows none of them
 */
export type KeyStanding = 'first' | 'known' | 'rotation' | 'unknown';

/**
 * Returns what a process may do with its keys.
 *
 * @param own ids of the process's keys, the current one first
 * @param known ids of the keys that the database knows
 */
export function standingOf(own: string[], known: string[]): KeyStanding {
  if (known.length === 0) return 'first';
  const [current = '', ...former] = own;
  if (known.includes(current)) return 'known';
  return former.some((id) => known.includes(id)) ? 'rotation' : 'unknown';
}
