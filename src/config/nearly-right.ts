import { distance } from 'fastest-levenshtein';

/** From this length on two letters may be wrong. */
const LONG_NAME = 10;

/** Names that other programs use, and plain words, one letter from one of ours. */
export const OF_OTHER_PROGRAMS = [
  ...['HOSTS', 'LHOST', 'RHOST', 'VHOST', 'COST', 'LOST', 'MOST', 'POST'],
  ...['PORTS', 'DPORT', 'LPORT', 'RPORT', 'SPORT', 'FORT', 'SORT', 'RULES'],
];

/**
 * Returns the known name that another one is nearly: one letter too many, too few or wrong, two neighbours swapped, or
 * another case; two letters in a long name.
 *
 * @returns null when it is one of `known`, or not like any
 */
export function nearlyRight(name: string, known: readonly string[]): string | null {
  if (known.includes(name) || OF_OTHER_PROGRAMS.includes(name)) return null;
  const upper = name.toUpperCase();
  return known.find((one) => one === upper || isNear(name, one)) ?? null;
}

function isNear(name: string, known: string): boolean {
  // Cheap, and so for nearly all of them the end of it.
  if (Math.abs(name.length - known.length) > 2) return false;
  return distance(name, known) <= (known.length < LONG_NAME ? 1 : 2) || hasNeighboursSwapped(name, known);
}

function hasNeighboursSwapped(name: string, known: string): boolean {
  if (name.length !== known.length) return false;
  const i = [...name].findIndex((letter, at) => letter !== known[at]);
  return name[i] === known[i + 1] && name[i + 1] === known[i] && name.slice(i + 2) === known.slice(i + 2);
}
