import { isEmail } from 'class-validator';
import type { LegacyUser } from './legacy-database.js';

/** What a user is known by here, and why it is not what one would expect. */
export interface Name {
  email: string;
  note?: string;
}

/**
 * Returns what each user is known by here. Clients of the replaced service name users by an email address that is the
 * username, so that comes first; then the address that stands beside the username; then the username, whatever it is.
 * Of users who differ by case only, the one written in lower case has the name, otherwise the one with the lowest id;
 * the others get their id behind it, as does one whose names are all those of other users here.
 *
 * @param users by id
 * @param held what users who were imported before are known by: it is theirs, and stays so while they still have it
 */
export function namesOf(users: LegacyUser[], held: Map<number, string>): Map<number, Name> {
  const emails = new Map<number, string>();
  const claimed = new Set(held.values());
  const claim = (candidateOf: (user: LegacyUser) => string | null) => {
    for (const user of users) {
      const candidate = emails.has(user.id) ? null : candidateOf(user);
      if (!candidate || claimed.has(candidate)) continue;
      claimed.add(candidate);
      emails.set(user.id, candidate);
    }
  };
  for (const user of users) {
    const email = held.get(user.id);
    if (email !== undefined && candidatesOf(user).includes(email)) emails.set(user.id, email);
  }
  claim((user) => (isLowerCase(user) ? addressIn(user.username) : null));
  claim(({ username }) => addressIn(username));
  claim(({ email }) => addressIn(email));
  claim((user) => (isLowerCase(user) ? lowerCase(user.username) : null));
  claim(({ username }) => lowerCase(username));
  const freeName = (name: string, id: number): string => (claimed.has(name) ? freeName(`${name}#${id}`, id) : name);
  for (const { id, username } of users) {
    if (emails.has(id)) continue;
    const email = held.get(id) ?? freeName(withId(username, id), id);
    claimed.add(email);
    emails.set(id, email);
  }
  const namesakes = namesakesOf(users);
  return new Map(
    users.map(({ id, username }) => {
      const email = emails.get(id) ?? withId(username, id);
      const others = (namesakes.get(lowerCase(username)) ?? []).filter((other) => other !== username);
      if (others.length > 0) {
        return [id, { email, note: `differs from ${others.join(', ')} by case only: known here as ${email}` }];
      }
      if (!email.startsWith(withId(username, id))) return [id, { email }];
      return [id, { email, note: `${lowerCase(username)} is another user here: known here as ${email}` }];
    }),
  );
}

function candidatesOf(user: LegacyUser): (string | null)[] {
  const { id, username, email } = user;
  return [addressIn(username), addressIn(email), lowerCase(username), withId(username, id)];
}

function namesakesOf(users: LegacyUser[]): Map<string, string[]> {
  const namesakes = new Map<string, string[]>();
  for (const { username } of users) {
    const key = lowerCase(username);
    namesakes.set(key, [...(namesakes.get(key) ?? []), username]);
  }
  return namesakes;
}

function isLowerCase({ username }: LegacyUser): boolean {
  return username === lowerCase(username);
}

function lowerCase(username: string): string {
  return username.trim().toLowerCase();
}

function withId(username: string, id: number): string {
  return `${lowerCase(username)}#${id}`;
}

function addressIn(text: string | null): string | null {
  const address = lowerCase(text ?? '');
  return isEmail(address, { require_tld: false }) ? address : null;
}
