import { describe, expect, it } from 'vitest';
import type { Config } from '../config/config.js';
import { SecretCipher } from './secret-cipher.js';

const cipherWith = (key: string, fallbacks: string[] = []) =>
  new SecretCipher({ secrets: { key, fallbacks } } as unknown as Config);

describe('a stored secret', () => {
  it('is read again, under the current key and under a former one', () => {
    const sealed = cipherWith('old key').seal('s3cret-ü', 'schedule');
    expect(sealed.toString('latin1')).not.toContain('s3cret');
    expect(cipherWith('old key').open(sealed, 'schedule')).toBe('s3cret-ü');
    expect(cipherWith('new key', ['old key']).open(sealed, 'schedule')).toBe('s3cret-ü');
  });

  it('never looks the same, so that equal ones cannot be told', () => {
    const cipher = cipherWith('key');
    const nonces = Array.from({ length: 100 }, () => cipher.seal('s3cret', 'schedule').toString('hex', 4, 16));
    expect(new Set(nonces).size).toBe(100);
  });

  it('is of no use in another context, under another key, or altered', () => {
    const cipher = cipherWith('key');
    const sealed = cipher.seal('s3cret', 'schedule');
    const altered = Buffer.from(sealed);
    altered[altered.length - 1] ^= 1;
    expect(() => cipher.open(sealed, 'other')).toThrow();
    expect(() => cipherWith('other').open(sealed, 'schedule')).toThrow('not configured');
    expect(() => cipher.open(altered, 'schedule')).toThrow();
  });

  it('that release 0.1 stored is read', () => {
    const id = '01a20c4e-3be5-750a-b2f1-088a8a935add';
    const stored = Buffer.from(
      'a9665a8d7a61650fb553d424ae60d777f18b3cda360352578a0b82b7176906fc3c4042d4ef79dec4b0307d07b100',
      'hex',
    );
    expect(cipherWith('a key for tests only, of some length').open(stored, id)).toBe('receiver-token');
  });

  it('tells which setting has its key', () => {
    const cipher = cipherWith('new key', ['older key', 'old key']);
    const nameOf = (key: string) => cipher.keyOf(cipherWith(key).seal('s3cret', 'schedule')).name;
    expect(['new key', 'older key', 'old key', 'lost key'].map(nameOf)).toEqual([
      'SECRET_KEY',
      'SECRET_KEY_FALLBACKS, no. 1',
      'SECRET_KEY_FALLBACKS, no. 2',
      null,
    ]);
  });
});
