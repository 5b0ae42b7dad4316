import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureSecretKeys } from './secret-key.js';

const run = promisify(execFile);

describe('the generated secret key', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'secret-key-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is 32 random bytes, kept for the owner only and the same ever after', () => {
    const dataDir = join(folder, 'not', 'there', 'yet');
    const key = ensureSecretKeys(dataDir).key;

    expect(Buffer.from(key, 'base64url')).toHaveLength(32);
    expect(statSync(join(dataDir, 'secret-key')).mode & 0o777).toBe(0o600);
    expect(ensureSecretKeys(dataDir)).toEqual({ key, fallbacks: [] });
    expect(ensureSecretKeys(join(folder, 'other')).key).not.toBe(key);
  });

  it('is followed by former ones, when an operator put a new one on top', () => {
    const former = ensureSecretKeys(folder).key;
    const key = randomBytes(32).toString('hex');
    writeFileSync(join(folder, 'secret-key'), `${key}\r\n${former}\n`);

    expect(ensureSecretKeys(folder)).toEqual({ key, fallbacks: [former] });
  });

  it.each(['', '\n', 'short\n', `${'k'.repeat(32)}\n\n${'l'.repeat(32)}\n`])(
    'is not made up from a file that is damaged: %j',
    (content) => {
      writeFileSync(join(folder, 'secret-key'), content);
      expect(() => ensureSecretKeys(folder)).toThrow('at least 32 characters on each line');
    },
  );

  it('is one and the same for processes that start at once, and leaves no drafts', async () => {
    const module = new URL('./secret-key.ts', import.meta.url).href;
    const script = `const { ensureSecretKeys } = await import('${module}'); console.log(ensureSecretKeys(process.argv[1]).key);`;
    const start = () =>
      run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, folder], {
        cwd: import.meta.dirname,
      });

    const keys = await Promise.all([start(), start(), start(), start()]);

    expect(new Set(keys.map(({ stdout }) => stdout)).size).toBe(1);
    expect(readdirSync(folder)).toEqual(['secret-key']);
  });
});
