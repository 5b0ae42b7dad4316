import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureDataDir } from './data-dir.js';
import { ensureSecretKeys } from './secret-key.js';
import { StartError } from './start-error.js';

describe('the data folder', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'data-dir-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const refusal = (dataDir: string) => {
    try {
      ensureDataDir(dataDir);
    } catch (error) {
      expect(error).toBeInstanceOf(StartError);
      return (error as Error).message;
    }
    return null;
  };

  it('is made with the folders above it, for others to pass through', () => {
    const dataDir = join(folder, 'not', 'there', 'yet');
    expect(refusal(dataDir)).toBeNull();
    expect(refusal(dataDir)).toBeNull();
    expect(statSync(dataDir).mode & 0o777).toBe(0o711);
  });

  it('may be a link to a folder', () => {
    symlinkSync(folder, join(folder, 'link'));
    expect(refusal(join(folder, 'link', 'data'))).toBeNull();
  });

  it('is refused where no folder can be made', () => {
    expect(refusal('/proc/foo')).toMatch(/^DATA_DIR \/proc\/foo cannot be used: .*Set DATA_DIR to another folder/);
    expect(refusal('/proc/foo/bar')).toContain('/proc/foo is missing and cannot be made');
  });

  it('is refused when it is a file, below one, or a link to nothing', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    symlinkSync(join(folder, 'nothing'), join(folder, 'link'));
    for (const dataDir of [file, join(file, 'data'), join(file, 'data', 'more'), join(folder, 'link')]) {
      expect(refusal(dataDir)).toContain('is not a folder');
    }
  });

  it('is refused when its key cannot be read', () => {
    execFileSync('mkdir', [join(folder, 'secret-key')]);
    expect(() => ensureSecretKeys(folder)).toThrow(/^DATA_DIR .* cannot be used: /);
  });
});
