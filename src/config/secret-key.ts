import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDataDir, readIfThere, withDataDir } from './data-dir.js';
import { StartError } from './start-error.js';

const KEY_BYTES = 32;
const MIN_LENGTH = 32;

export function secretKeyFile(dataDir: string): string {
  return join(dataDir, 'secret-key');
}

export function hasSecretKeys(dataDir: string): boolean {
  return existsSync(secretKeyFile(dataDir));
}

/**
 * The secret keys of this data folder, in the file `secret-key`: the first line is the key, each further one a former
 * key. The file is made on the first call, and the same ever after, unless an operator puts a new key on top.
 *
 * Two first starts at once agree: the link is made by one of them only, and both read what it names.
 *
 * @throws StartError when a line is no key
 */
export function ensureSecretKeys(dataDir: string): { key: string; fallbacks: string[] } {
  const file = secretKeyFile(dataDir);
  ensureDataDir(dataDir);
  const text = withDataDir(dataDir, () => readIfThere(file) ?? firstKey(file));
  const [key, ...fallbacks] = text.split('\n').map((line) => line.trim());
  if ([key, ...fallbacks].some((line) => line.length < MIN_LENGTH)) {
    throw new StartError(`${file} must have a key of at least ${MIN_LENGTH} characters on each line`);
  }
  return { key, fallbacks };
}

function firstKey(file: string): string {
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
