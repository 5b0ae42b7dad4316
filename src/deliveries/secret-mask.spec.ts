import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { masked } from './secret-mask.js';

const MASK = '********';
const TOKEN = 'aB3/x+9="Q\\z&<-_k';

const escapedBy = (write: (code: number) => string) => (text: string) =>
  [...text].map((char) => write(char.charCodeAt(0))).join('');
const hex = (code: number, digits: number) => code.toString(16).padStart(digits, '0');
const inJson = (text: string) => JSON.stringify(text).slice(1, -1);
const inHtml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const inUnicode = escapedBy((code) => `\\u${hex(code, 4)}`);

const FORMS: [name: string, write: (text: string) => string][] = [
  ['as it is', (text) => text],
  ['in lower case', (text) => text.toLowerCase()],
  ['in upper case', (text) => text.toUpperCase()],
  ['in JSON', inJson],
  ['in JSON with escaped slashes', (text) => inJson(text).replaceAll('/', '\\/')],
  ['in JSON within JSON', (text) => inJson(inJson(text))],
  ['in unicode escapes', inUnicode],
  ['in unicode escapes, in JSON', (text) => inJson(inUnicode(text))],
  ['in code points', escapedBy((code) => `\\u{${hex(code, 6)}}`)],
  ['in byte escapes', escapedBy((code) => `\\x${hex(code, 2)}`)],
  ['in JSON that spares HTML', (text) => inJson(text).replaceAll('&', '\\u0026').replaceAll('<', '\\u003c')],
  ['in a URL', encodeURIComponent],
  ['in a URL in lower case', (text) => encodeURIComponent(text).toLowerCase()],
  ['in a URL within a URL', (text) => encodeURIComponent(encodeURIComponent(text))],
  ['in a URL that spares nothing', escapedBy((code) => `%${hex(code, 2).toUpperCase()}`)],
  ['in HTML', inHtml],
  ['in HTML twice', (text) => inHtml(inHtml(text))],
  ['in decimal entities', escapedBy((code) => `&#${code};`)],
  ['in decimal entities with zeros', escapedBy((code) => `&#${String(code).padStart(7, '0')};`)],
  ['in hexadecimal entities', escapedBy((code) => `&#X${hex(code, 2)};`)],
  ['in hex', (text) => Buffer.from(text).toString('hex')],
  ['in hex in upper case', (text) => Buffer.from(text).toString('hex').toUpperCase()],
  ['in Base64', (text) => Buffer.from(text).toString('base64')],
  ['in Base64 for URLs', (text) => Buffer.from(text).toString('base64url')],
  ['in Base64 with what is before it', (text) => Buffer.from(`Token ${text}`).toString('base64')],
  ['in Base64 with one more', (text) => Buffer.from(`!Token ${text}!`).toString('base64')],
  ['in Base64 with two more', (text) => Buffer.from(`!!Token ${text}!!`).toString('base64url')],
  ['in Base64, in a URL', (text) => encodeURIComponent(Buffer.from(`?${text}`).toString('base64'))],
  ['in Base64, in JSON', (text) => Buffer.from(`?${text}`).toString('base64').replaceAll('/', '\\/')],
];

describe('a secret in a text', () => {
  it.each(FORMS)('is masked %s', (_, write) => {
    const written = write(TOKEN);
    const text = masked(`<p>before ${written}; and ${written}</p>`, TOKEN);

    expect(text).toMatch(/^<p>before \S*\*{8}\S*; and \S*\*{8}\S*<\/p>$/);
    // Beside the mask is what Base64 has of the words around the token.
    const words = text.replace(/^<p>before |; and |<\/p>$/g, ' ').split(/\*+|\s+/);
    for (const word of words) {
      const readings = [word, Buffer.from(word, 'base64').toString('latin1'), decodeURIComponent(word)];
      for (let i = 0; i + 3 <= TOKEN.length; i++) {
        for (const reading of readings) expect(reading).not.toContain(TOKEN.slice(i, i + 3));
      }
      expect(word.length).toBeLessThan(14);
    }
  });

  it('is masked in Base64 with escapes of characters that it does not have itself', () => {
    // Its Base64 has "+" and "/".
    const secret = 'aa~aa?aa~aa?';
    const base64 = Buffer.from(secret).toString('base64');
    const texts = [
      encodeURIComponent(base64),
      base64.replaceAll('/', '\\/').replaceAll('+', '\\u002b'),
      base64.replaceAll('+', '&#43;').replaceAll('/', '&#x2F;'),
      inUnicode(base64),
      escapedBy((code) => `%${hex(code, 2)}`)(Buffer.from(secret).toString('hex')),
    ];

    for (const text of texts) expect(masked(`sent: ${text} `, secret)).toBe(`sent: ${MASK} `);
  });

  it('is masked in the shortest text with an escape that has it', () => {
    for (const text of ['%78yz%2b', 'xyz\\+', 'x&#121;z+', '"%78yz+', '<xyz\\+>', ',xy%7A+']) {
      expect(masked(text, 'xyz+')).toMatch(/^["<,]?\*{8}>?$/);
    }
  });

  it('is all that is masked', () => {
    expect(masked(`{"sent": "Token ${TOKEN}", "a": "b\\n%20&amp;c"}`, TOKEN)).toBe(
      `{"sent": "Token ${MASK}", "a": "b\\n%20&amp;c"}`,
    );
    expect(masked('%41%42&#67;\\u0044 and \\"so\\" on &quot;', TOKEN)).toBe(
      '%41%42&#67;\\u0044 and \\"so\\" on &quot;',
    );
    expect(masked('', TOKEN)).toBe('');
  });

  it('is masked where it has what looks like an escape', () => {
    for (const secret of ['a%41b%42c', 'a\\u0041b', 'x&amp;y&lt;z']) {
      expect(masked(`(${secret})`, secret)).toBe(`(${MASK})`);
      expect(masked(`(${encodeURIComponent(secret)})`, secret)).toBe(`(${MASK})`);
    }
  });

  it('is masked as far as it goes where the text ends within it', () => {
    const secret = 'abcdefghijklmnop';
    for (let length = 6; length < secret.length; length++) {
      expect(masked(`sent: ${secret.slice(0, length).toUpperCase()}`, secret)).toBe(`sent: ${MASK}`);
    }
    expect(masked('sent: \\u0061\\u0062\\u0063\\u0064\\u0065\\u0066\\u00', secret)).toBe(`sent: ${MASK}`);
    expect(masked('sent: %61%62%63%64%65%66%6', secret)).toBe(`sent: ${MASK}`);
    expect(masked('abcdef, and then no more', secret)).toBe('abcdef, and then no more');
  });

  it('may be short: then nothing is taken for an encoded one', () => {
    expect(masked('a-61-YQ==-A', 'a')).toBe(`${MASK}-61-YQ==-${MASK}`);
    expect(masked('xyz 78797a', 'xyz')).toBe(`${MASK} 78797a`);
  });

  it('is not found by letters whose lower case is longer', () => {
    expect(masked(`İİİ ${TOKEN} İ`, TOKEN)).toBe(`İİİ ${MASK} İ`);
  });

  it('does not survive any mixture of escapes', () => {
    const writes = [
      (code: number) => String.fromCharCode(code),
      (code: number) => `%${hex(code, 2)}`,
      (code: number) => `\\u${hex(code, 4)}`,
      (code: number) => `\\x${hex(code, 2)}`,
      (code: number) => `&#${code};`,
      (code: number) => `&#x${hex(code, 2)};`,
    ];
    const secret = fc.stringMatching(/^[A-Za-z0-9._~-]{8,40}$/);
    const noise = fc.string({ unit: fc.constantFrom(...'{}",:<> \n\\%&;#') });
    const forms = fc.array(fc.nat(writes.length - 1), { minLength: 40, maxLength: 40 });
    fc.assert(
      fc.property(secret, forms, noise, noise, (token, chosen, before, after) => {
        const written = [...token].map((char, i) => writes[chosen[i]](char.charCodeAt(0))).join('');
        const text = masked(`${before} ${written} ${after}`, token);
        expect(text).toBe(`${before} ${MASK} ${after}`);
      }),
      { seed: 1, numRuns: 1_000 },
    );
  });
});
