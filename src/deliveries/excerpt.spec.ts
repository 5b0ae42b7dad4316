import { describe, expect, it } from 'vitest';
import { excerptOf } from './excerpt.js';

const TOKEN = 's3cret-$&-tökën';

const answer = (text: string) => ({ status: 200, body: Buffer.from(text) });

describe('the excerpt of an answer', () => {
  it('is its first 1,024 bytes, or nothing when it is empty', () => {
    expect(excerptOf(answer('x'.repeat(1_023) + 'yz'), null)).toBe('x'.repeat(1_023) + 'y');
    expect(excerptOf(answer('ok'), TOKEN)).toBe('ok');
    expect(excerptOf(answer(''), TOKEN)).toBeNull();
    expect(excerptOf(answer('a\0b'), null)).toBe('a\uFFFDb');
  });

  it('never has the token that was sent, not even cut off, wherever the answer has it', () => {
    for (let at = 0; at < 1_100; at++) {
      const excerpt = excerptOf(answer('x'.repeat(at) + `${TOKEN}`.repeat(3) + 'y'.repeat(at)), TOKEN) ?? '';
      expect(excerpt).not.toContain('s');
      expect(excerpt.startsWith(`${'x'.repeat(at)}********`.slice(0, 1_024))).toBe(true);
      expect(Buffer.byteLength(excerpt)).toBeLessThanOrEqual(1_024);
    }
  });

  it.each([
    ['JSON', JSON.stringify({ sent: 'Token a/b+c"d\\e==' })],
    ['JSON with escaped slashes', JSON.stringify({ sent: 'Token a/b+c"d\\e==' }).replaceAll('/', '\\/')],
    ['a URL', `/echo?sent=${encodeURIComponent('a/b+c"d\\e==')}`],
  ])('never has it either as %s writes it', (_, text) => {
    const excerpt = excerptOf(answer(text), 'a/b+c"d\\e==');
    expect(excerpt).toContain('********');
    expect(excerpt).not.toContain('b');
  });

  it.each([
    [
      'unicode escapes',
      36,
      (text: string) => text.replace(/./g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
    ],
    ['hex', 12, (text: string) => Buffer.from(text).toString('hex')],
    ['Base64', 12, (text: string) => Buffer.from(text).toString('base64')],
  ])('never has it cut off in %s, where the excerpt ends or what was read', (_, length, write) => {
    const token = 'Zq7Jw2Kp9Xv4Mt1Rb6Yd3Hs8Nc5Lf0Gg';
    const written = write(token);
    for (const end of [1_024, 1_500, 16 * 1024]) {
      for (let at = 700; at < 1_030; at += 3) {
        const body = `${'.'.repeat(at)}${written}${written} ${'.'.repeat(20_000)}`.slice(0, end);
        const excerpt = excerptOf(answer(body), token) ?? '';
        expect(Buffer.byteLength(excerpt)).toBeLessThanOrEqual(1_024);
        for (let i = 0; i + length <= written.length; i++) expect(excerpt).not.toContain(written.slice(i, i + length));
      }
    }
  });
});
