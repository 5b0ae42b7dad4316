const MORE = 'docs/security.md, "A key that is lost", says what to do when there is no copy of it.';

/**
 * Says that a process has other keys than a database wants, and what to do.
 *
 * @param own ids of the process's keys, the current one first
 * @param known keys that the database wants
 * @param file where the keys were read from; null for `SECRET_KEY`
 */
export function unknownKeyMessage(own: string[], known: { id: string; since: Date }[], file: string | null): string {
  const [current, ...former] = own;
  const place = file ?? 'SECRET_KEY';
  const others = former.length > 0 ? ` and former keys ${former.join(', ')}` : '';
  const wanted = known.map(({ id, since }) => `${id} (since ${since.toISOString()})`).join(' or ');
  const remedy = file
    ? `Restore ${file} from a copy, or put that key on a further line of it.`
    : 'Set SECRET_KEY to that key, or add that key to SECRET_KEY_FALLBACKS.';
  return `${place} has key ${current}${others}, but secrets of this database are sealed under key ${wanted}. ${remedy} ${MORE}`;
}

/** Says that the file with the generated key is gone while the database has secrets, and what to do. */
export function lostKeyFileMessage(keyIds: string[], file: string): string {
  return `${file} is missing, but secrets of this database are sealed under key ${keyIds.join(' and ')}. Restore the file from a copy, or set SECRET_KEY to its key. ${MORE}`;
}
