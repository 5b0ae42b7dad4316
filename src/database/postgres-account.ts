import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { StartError } from '../config/start-error.js';

/** The account that PostgreSQL runs under; null: the one of this process. */
export type Account = { readonly uid: number; readonly gid: number } | null;

// A server package of the system makes the first; the second is there everywhere.
const CANDIDATES = ['postgres', '_postgres', 'nobody'];

/**
 * PostgreSQL refuses to run as root. Then it runs under the owner of its data, or an account that has no other power.
 *
 * @throws StartError when the machine has no such account
 */
export function postgresAccount(cluster: string): Account {
  if (process.getuid?.() !== 0) return null;
  const owner = statSync(cluster, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };

  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const candidate of CANDIDATES) {
    const [, , uid, gid] = accounts.find(([name]) => name === candidate) ?? [];
    if (Number(uid) > 0 && Number(gid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new StartError(
    `PostgreSQL does not run as root, and this machine has no account ${CANDIDATES.join(' or ')} to run it under. ` +
      'Start the service as another user, or set DATABASE_URL.',
  );
}

/** Whether the account can get to this folder, which takes the right to pass through all folders above it. */
export function canEnter(account: Account, folder: string): boolean {
  if (!account) return true;
  return spawnSync('/bin/sh', ['-c', 'cd -- "$0"', folder], { cwd: '/', stdio: 'ignore', ...account }).status === 0;
}
