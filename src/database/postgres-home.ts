import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDataDir, readIfThere } from '../config/data-dir.js';
import { StartError } from '../config/start-error.js';
import { canEnter, postgresAccount } from './postgres-account.js';

/** Where root keeps what the account of PostgreSQL must be able to reach. */
export const SYSTEM_DATA_DIR = '/var/lib/seed-scheduler';

const POINTER = 'postgres-is-elsewhere';

/**
 * The folder for all that belongs to the embedded database: the data folder itself, unless the service runs as root in
 * a place where PostgreSQL's account cannot follow (below /root, say). Then it is a folder of the system, and a file in
 * the data folder says which. To be called under the data folder's lock.
 */
export function resolveHome(dataDir: string, log: (line: string) => void): string {
  const pointer = join(dataDir, POINTER);
  const elsewhere = readIfThere(pointer);
  if (elsewhere) {
    ensureDataDir(elsewhere);
    return elsewhere;
  }
  const account = postgresAccount(join(dataDir, 'postgres'));
  if (canEnter(account, dataDir)) return dataDir;

  mkdirSync(SYSTEM_DATA_DIR, { recursive: true, mode: 0o755 });
  const home = mkdtempSync(join(SYSTEM_DATA_DIR, 'data-'));
  chmodSync(home, 0o711);
  if (!canEnter(account, home)) {
    throw new StartError(
      `PostgreSQL does not run as root, and its account can enter neither ${dataDir} nor ${home}. ` +
        'Set DATA_DIR to a folder that every account can reach, start the service as another user, or set DATABASE_URL.',
    );
  }
  writeFileSync(pointer, `${home}\n`, { flush: true });
  log(`the database is kept in ${home}, since the account of PostgreSQL cannot reach ${dataDir}`);
  return home;
}
