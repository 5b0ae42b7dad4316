import { describe, expect, it } from 'vitest';
import type { Config } from '../config/config.js';
import { TokenCipher } from './token-cipher.js';

const cipherWith = (key: string, fallbacks: string[] = []) =>
  new TokenCipher({ secrets: { key, fallbacks } } as unknown as Config);

describe('a stored token', () => {
  it('is read again, under the current key and under a former one', () => {
    const sealed = cipherWith('old key').encrypt('s3cret-ü', 'schedule');
    expect(sealed.toString('latin1')).not.toContain('s3cret');
    expect(cipherWith('old key').decrypt(sealed, 'schedule')).toBe('s3cret-ü');
    expect(cipherWith('new key', ['old key']).decrypt(sealed, 'schedule')).toBe('s3cret-ü');
  });

  it('is of no use in another schedule, under another key, or altered', () => {
    const cipher = cipherWith('key');
    const sealed = cipher.encrypt('s3cret', 'schedule');
    const altered = Buffer.from(sealed);
    altered[altered.length - 1] ^= 1;
    expect(() => cipher.decrypt(sealed, 'other')).toThrow();
    expect(() => cipherWith('other').decrypt(sealed, 'schedule')).toThrow('not configured');
    expect(() => cipher.decrypt(altered, 'schedule')).toThrow();
  });
});
