import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InterimOverflowError, InterimResponses, UnaskedUpgradeError } from './interim-responses.js';

const LIMIT = 1024;
const FINAL = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** What is left of chunks, joined. */
function leftOf(chunks: string[], interim = new InterimResponses(LIMIT)): string {
  interim.restart();
  return chunks.map((chunk) => interim.next(Buffer.from(chunk, 'latin1'))?.toString('latin1') ?? '').join('');
}

/** Cuts a text at any places. */
function cutAt(text: string, places: number[]): string[] {
  const ends = [...new Set(places.map((place) => place % text.length))].sort((a, b) => a - b);
  return [0, ...ends].map((start, i) => text.slice(start, ends[i] ?? text.length));
}

const head = fc
  .tuple(
    fc.constantFrom('HTTP/1.1 100 Continue', 'HTTP/1.1 102 Processing', 'HTTP/1.1 103 Early Hints', 'HTTP/1.0 199 '),
    fc.array(fc.constantFrom('link: </a.css>; rel=preload', 'x: HTTP/1.1 200 OK', 'connection: close'), {
      maxLength: 3,
    }),
    fc.constantFrom('\r\n', '\n'),
  )
  .map(([status, headers, newline]) => [status, ...headers, '', ''].join(newline));

describe('interim responses', () => {
  it('are taken out, however many there are and however they are cut', () => {
    fc.assert(
      fc.property(fc.array(head, { maxLength: 6 }), fc.array(fc.nat()), (heads, places) => {
        expect(leftOf(cutAt(heads.join('') + FINAL, places))).toBe(FINAL);
      }),
    );
  });

  it.each([
    ...['HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 500 No\r\n\r\n', 'HTTP/9.9 two hundred\r\n'],
    ...['SSH-2.0-OpenSSH_9.2\r\n', 'HTTPS', '\r\n\r\n', 'HTTP/2', '\u0000'],
  ])('are not found in %j', (text) => {
    expect(leftOf([text])).toBe(text);
    expect(leftOf([...text])).toBe(text);
  });

  it('of one request are bounded together', () => {
    const one = 'HTTP/1.1 102 Processing\r\n\r\n';
    const most = Math.floor(LIMIT / one.length);

    expect(leftOf([one.repeat(most), FINAL])).toBe(FINAL);
    expect(() => leftOf([one.repeat(most + 1)])).toThrow(InterimOverflowError);
    expect(() => leftOf(Array.from({ length: most + 1 }, () => one))).toThrow(InterimOverflowError);
    expect(() => leftOf([`HTTP/1.1 103 Early Hints\r\nx: ${'y'.repeat(LIMIT)}`])).toThrow(InterimOverflowError);
  });

  it('of the next request are counted anew', () => {
    const interim = new InterimResponses(LIMIT);
    const half = `HTTP/1.1 103 Early Hints\r\nx: ${'y'.repeat(LIMIT / 2)}\r\n\r\n`;

    for (let request = 0; request < 3; request++) expect(leftOf([half, FINAL], interim)).toBe(FINAL);
  });

  it('do not switch protocols', () => {
    expect(() => leftOf(['HTTP/1.1 101 Switching Protocols\r\n'])).toThrow(UnaskedUpgradeError);
  });
});
