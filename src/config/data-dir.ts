import { chmodSync, mkdirSync, readFileSync } from 'node:fs';

// The account that runs the embedded database must be able to pass through; only the service may list or write.
const PASS_THROUGH = 0o711;

/** Makes the data folder if it is not there. An existing one keeps its mode. */
export function ensureDataDir(dataDir: string): void {
  if (mkdirSync(dataDir, { recursive: true }) !== undefined) chmodSync(dataDir, PASS_THROUGH);
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
