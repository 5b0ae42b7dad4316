import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonDepth, RawJson, rawMember, stringifyJson, whyNotPortable } from './raw-json.js';

describe('raw JSON', () => {
  it.each([
    '{"2":1,"1":2}',
    '1.0',
    '9007199254740993',
    '-0.0',
    '[1e2, 1E+2]',
    '"\\u00e9\\/é"',
    '{ "a" :\n1 }',
    '"$& $1"',
  ])('comes out as it went in: %s', (text) => {
    const raw = rawMember(`{"before": [1, {"payload": 0}], "payload": ${text} , "after": null}`, 'payload');
    expect(stringifyJson({ a: '"', payload: raw, list: [raw] })).toBe(`{"a":"\\"","payload":${text},"list":[${text}]}`);
  });

  it('comes out as it went in, whatever it is', () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), (text, other) => {
        const body = `{"other": ${other}, "payload": ${text}}`;
        const raw = rawMember(body, 'payload');
        expect(raw?.text).toBe(text);
        expect(stringifyJson({ x: new RawJson(text) })).toBe(`{"x":${text}}`);
      }),
    );
  });

  it('comes out as it went in when it is very large', () => {
    const text = `"${'x'.repeat(16_000_000)}"`;
    expect(stringifyJson({ x: new RawJson(text) }) === `{"x":${text}}`).toBe(true);
  });

  it('is the last of a name given twice, as in the parsed body', () => {
    expect(rawMember('{"payload": 1, "payload": 2}', 'payload')?.text).toBe('2');
  });

  it('is absent when the member is', () => {
    expect(rawMember('{"a": {"payload": 1}}', 'payload')).toBeUndefined();
  });

  it.each([
    ['[[1], {"a": [2]}]', 3],
    ['"[[["', 0],
    ['"\\"["', 0],
  ])('%s is %i levels deep', (text, depth) => {
    expect(jsonDepth(text)).toBe(depth);
  });

  it.each([
    ['1e309', 'double'],
    ['["\\udc00"]', 'surrogate'],
    ['{"\\u0000": 1}', 'NUL'],
    ['{"a": {"__proto__": 1}}', '__proto__'],
    ['['.repeat(101) + ']'.repeat(101), '100 levels'],
  ])('%.30s cannot be carried to every receiver', (text, reason) => {
    expect(whyNotPortable(text)).toContain(reason);
  });

  it.each(['1e308', '["\\ud83d\\ude00"]', '['.repeat(100) + ']'.repeat(100), '{"proto": null}'])(
    '%.30s can be carried',
    (text) => {
      expect(whyNotPortable(text)).toBeNull();
    },
  );
});
