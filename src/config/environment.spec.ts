import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEnvironment } from './environment.js';
import { readSettings, SettingsError } from './settings.js';

describe('the file .env', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dot-env-'));
    file = join(folder, '.env');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const faultsOf = (own: Record<string, string> = {}) => {
    const { variables, ...dotEnv } = readEnvironment(own, file);
    try {
      readSettings(variables, dotEnv);
      return [];
    } catch (error) {
      return (error as SettingsError).faults;
    }
  };

  it('need not be there', () => {
    expect(readEnvironment({ PORT: '1' }, file)).toEqual({
      variables: { PORT: '1' },
      fromFile: new Set(),
      fault: null,
    });
  });

  it('adds what the environment does not set, even to nothing', () => {
    writeFileSync(file, '# a comment\nPORT=4000\nexport LOG_LEVEL="debug" # loud\nPAGE_SIZE=7\nHOST=::1\n');
    const { variables, fromFile } = readEnvironment({ PAGE_SIZE: '9', HOST: '' }, file);
    expect(variables).toEqual({ PORT: '4000', LOG_LEVEL: 'debug', PAGE_SIZE: '9', HOST: '' });
    expect([...fromFile].sort()).toEqual(['LOG_LEVEL', 'PORT']);
  });

  it('may begin with the mark that some editors write', () => {
    writeFileSync(file, '\uFEFFPORT=4000\r\nHOST=::1\r\n');
    expect(readEnvironment({}, file).variables).toEqual({ PORT: '4000', HOST: '::1' });
  });

  it('is named in the faults of its lines', () => {
    writeFileSync(file, 'LOG_LEVLE=debug\nPORT=http\nROLE=api\n');
    expect(faultsOf({ PAGE_SIZE: '0' })).toEqual([
      'PORT (in .env) must be a whole number from 0 to 65535',
      'PAGE_SIZE must be a whole number from 1 to 100000',
      'LOG_LEVLE (in .env) is not a setting; did you mean LOG_LEVEL?',
      'ROLE (in .env) is not a setting; did you mean ROLES?',
    ]);
  });

  it('stops the start when it cannot be read', () => {
    mkdirSync(file);
    expect(faultsOf()).toEqual([`${file} cannot be read: it is a folder, not a file: remove it`]);
  });

  it('stops the start when it is no UTF-8', () => {
    writeFileSync(file, 'PORT=4000\n', 'utf16le');
    expect(faultsOf()).toEqual([`${file} must be a text in UTF-8`]);
  });
});
