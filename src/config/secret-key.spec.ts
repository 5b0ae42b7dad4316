import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureSecretKey } from './secret-key.js';

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
    const key = ensureSecretKey(dataDir);

    expect(Buffer.from(key, 'base64url')).toHaveLength(32);
    expect(statSync(join(dataDir, 'secret-key')).mode & 0o777).toBe(0o600);
    expect(ensureSecretKey(dataDir)).toBe(key);
    expect(ensureSecretKey(join(folder, 'other'))).not.toBe(key);
  });

  it('is one and the same for processes that start at once, and leaves no drafts', async () => {
    const module = new URL('./secret-key.ts', import.meta.url).href;
    const script = `const { ensureSecretKey } = await import('${module}'); console.log(ensureSecretKey(process.argv[1]));`;
    const start = () =>
      run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, folder], {
        cwd: import.meta.dirname,
      });

    const keys = await Promise.all([start(), start(), start(), start()]);

    expect(new Set(keys.map(({ stdout }) => stdout)).size).toBe(1);
    expect(readdirSync(folder)).toEqual(['secret-key']);
  });
});
