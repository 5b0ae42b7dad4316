import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Settings } from '../../config/settings.js';
import { fault, type Finding, ok, warning } from './finding.js';

const MIB = 1024 * 1024;
const LOW_DISK_MIB = 1024;
const NO_DISK_MIB = 128;
const FOR_OTHERS = 0o077;

/** The folder of the embedded database and the generated key. With a database elsewhere it is not used. */
export function checkStorage({ DATA_DIR, DATABASE_URL }: Settings): Finding[] {
  if (DATABASE_URL) return [ok('data folder', 'not used: DATABASE_URL is set')];
  const folder = firstThatExists(DATA_DIR);
  return [checkAccess(DATA_DIR, folder), checkKeyFile(DATA_DIR), checkDisk(folder)].filter((one) => one !== null);
}

function checkAccess(dataDir: string, folder: string): Finding {
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    const advice = `give ${folder} to the account that runs the service, or set DATA_DIR to another folder`;
    return fault('data folder', `this account may not write to ${folder}`, advice);
  }
  return ok('data folder', folder === dataDir ? `${dataDir} can be written` : `${dataDir} can be made`);
}

function checkKeyFile(dataDir: string): Finding | null {
  const file = join(dataDir, 'secret-key');
  const mode = statSync(file, { throwIfNoEntry: false })?.mode;
  if (mode === undefined) return null;
  if ((mode & FOR_OTHERS) === 0) return ok('generated key', 'only its owner can read it');
  return fault('generated key', `${file} can be read by other accounts`, `chmod 600 ${file}`);
}

function checkDisk(folder: string): Finding {
  const { bavail, bsize } = statfsSync(folder);
  const freeMib = Math.floor((bavail * bsize) / MIB);
  const finding = `${freeMib} MiB free`;
  const advice = 'make room, or lower HISTORY_RETENTION_DAYS: without room the database stops';
  if (freeMib < NO_DISK_MIB) return fault('disk', finding, advice);
  return freeMib < LOW_DISK_MIB ? warning('disk', finding, advice) : ok('disk', finding);
}

function firstThatExists(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : firstThatExists(dirname(path));
}
