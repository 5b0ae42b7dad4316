import { isEmail } from 'class-validator';
import type { LegacyUser } from './legacy-database.js';

/**
 * What each user is known by here. Clients of the replaced service name users by an email address that is the username,
 * so that comes first; then the address that stands beside the username; then the username, whatever it is.
 */
export function emailsOf(users: LegacyUser[]): Map<number, string> {
  const emails = new Map<number, string>();
  const claimed = new Set<string>();
  const claim = (candidateOf: (user: LegacyUser) => string | null) => {
    for (const user of users) {
      const candidate = emails.has(user.id) ? null : candidateOf(user);
      if (!candidate || claimed.has(candidate)) continue;
      claimed.add(candidate);
      emails.set(user.id, candidate);
    }
  };
  claim(({ username }) => addressIn(username));
  claim(({ email }) => addressIn(email));
  claim(({ username }) => username.trim().toLowerCase());
  return emails;
}

function addressIn(text: string | null): string | null {
  const address = text?.trim().toLowerCase() ?? '';
  return isEmail(address, { require_tld: false }) ? address : null;
}
