import { randomBytes, randomUUID } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDataDir, readIfThere } from './data-dir.js';

const KEY_BYTES = 32;

/**
 * The generated secret key of this data folder: made on the first call, the same ever after.
 *
 * Two first starts at once agree: the link is made by one of them only, and both read what it names.
 */
export function ensureSecretKey(dataDir: string): string {
  const file = join(dataDir, 'secret-key');
  ensureDataDir(dataDir);
  const existing = readIfThere(file);
  if (existing !== null) return existing;

  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, `${randomBytes(KEY_BYTES).toString('base64url')}\n`, { mode: 0o600, flush: true });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
  return readFileSync(file, 'utf8').trim();
}
