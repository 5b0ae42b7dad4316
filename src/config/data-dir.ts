import { accessSync, chmodSync, constants, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StartError } from './start-error.js';

// The account that runs the embedded database must be able to pass through; only the service may list or write.
const PASS_THROUGH = 0o711;

const NOT_OF_FILES = /^(connect|spawn|getaddrinfo|listen|bind)/;

/**
 * Makes the data folder if it is not there. An existing one keeps its mode.
 *
 * @throws StartError when there is none and none can be made, or it cannot be written
 */
export function ensureDataDir(dataDir: string): void {
  withDataDir(dataDir, () => {
    if (makeFolders(dataDir)) chmodSync(dataDir, PASS_THROUGH);
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  });
}

/** Runs `work` on the data folder. @throws StartError that says what is wrong with the folder */
export function withDataDir<T>(dataDir: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw explainedDataDir(error, dataDir);
  }
}

/** Returns an error that says in one sentence what is wrong with the data folder, or the error itself if it is no file's. */
export function explainedDataDir(error: unknown, dataDir: string): unknown {
  const { code, message, syscall, path = dataDir } = error as NodeJS.ErrnoException;
  if (error instanceof StartError || !code || !syscall || NOT_OF_FILES.test(syscall)) return error;
  return new StartError(`DATA_DIR ${dataDir} cannot be used: ${reasonOf(code, message, path)}`, { cause: error });
}

function reasonOf(code: string, message: string, path: string): string {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return `this account may not read, write and enter ${path}. Give it to the account, or set DATA_DIR to another folder.`;
    case 'EROFS':
      return `${path} is on a read-only file system. Set DATA_DIR to a folder that can be written, or set DATABASE_URL.`;
    case 'ENOTDIR':
    case 'EEXIST':
      return `${path} is not a folder. Set DATA_DIR to a folder, or remove what is there.`;
    case 'ENOENT':
      return `${path} is missing and cannot be made. Set DATA_DIR to another folder, or restore it from a backup.`;
    case 'ENOSPC':
    case 'EDQUOT':
      return 'no space is left on its disk. Make room, or set DATA_DIR to a folder on another disk.';
    default:
      return `${message}. Set DATA_DIR to another folder, or set DATABASE_URL.`;
  }
}

/**
 * Makes a folder and those above it that are missing. @returns whether it had to be made
 *
 * Not mkdir's own `recursive`: it tries for ever where a folder above is there and takes none, such as /proc.
 */
function makeFolders(folder: string): boolean {
  const existing = statIfThere(folder);
  if (existing?.isDirectory()) return false;
  const parent = dirname(folder);
  if (!existing && parent !== folder) makeFolders(parent);
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    // Another process has made it meanwhile.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && statIfThere(folder)?.isDirectory()) return false;
    throw error;
  }
}

function statIfThere(path: string): ReturnType<typeof statSync> | null {
  try {
    return statSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** A small file of a data folder without its line end, or null when it is not there. */
export function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
