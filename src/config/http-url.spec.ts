import { domainToASCII } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPlainHttpUrl, whyNotPlain } from './http-url.js';

function faultOf(text: string): string | null {
  return whyNotPlain(text, new URL(text));
}

const LONG_LABEL = 'a'.repeat(63);

describe('a URL that says what it means', () => {
  it.each([
    'http://host',
    'http://host/',
    'http://host?x',
    'http://host#part',
    'HTTP://Example.COM/Path',
    'http://host:80/',
    'http://host:8080/',
    'https://host:443/a?b=c',
    'https://host:80/',
    'http://localhost./',
    'http://my_service:8000/',
    'http://_srv.example.org/',
    'http://a-b.c--d/',
    `http://${[LONG_LABEL, LONG_LABEL, LONG_LABEL, 'a'.repeat(61)].join('.')}/`,
    'http://127.0.0.1/',
    'http://[::1]:8000/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://münchen.de/',
    'http://MÜNCHEN.de/',
    'http://mu\u0308nchen.de/',
    'http://faß.de/',
    'http://例え.テスト/',
    'http://xn--mnchen-3ya.de/',
    'http://a.münchen.xn--fa-hia.de/',
    'http://host/a|b"{c}^`<d>\'?a|b"{c}^`<d>\'',
    'http://host/é?ü=😀',
    'http://host/a%20b%2fc?d%3D',
    'http://host/..a/b...c//d',
    'http://host/?',
    'http://host/?a=http://other/../x',
    'http://host/a:b@c',
  ])('is accepted: %j', (text) => {
    expect(faultOf(text)).toBeNull();
    expect(isPlainHttpUrl(text)).toBe(true);
  });
});

describe('a URL that the parser only repairs', () => {
  it.each([
    ['http:127.0.0.1', 'http://127.0.0.1/'],
    ['http:/host/x', 'http://host/x'],
    ['http:///x', 'http://x/'],
    ['http://@host/x', 'http://host/x'],
    ['http://:@host/x', 'http://host/x'],
    ['http://unix:/var/run/docker.sock:/x', 'http://unix/var/run/docker.sock:/x'],
    ['http://host:080/', 'http://host/'],
    ['http://host:08080/', 'http://host:8080/'],
    ['http:\\\\host\\x', 'http://host/x'],
    ['http://host\\x', 'http://host/x'],
    ['http://host/a\\b', 'http://host/a/b'],
    ['http://ho\tst/', 'http://host/'],
    ['http://host/a\r\nb', 'http://host/ab'],
    ['ht\ntp://host/', 'http://host/'],
    ['http://host/?a\nb', 'http://host/?ab'],
    [' http://host/', 'http://host/'],
    ['http://host/\u0001', 'http://host/'],
    ['http://host/a b', 'http://host/a%20b'],
    ['http://host/?a b', 'http://host/?a%20b'],
    ['http://host/a\u00a0b', 'http://host/a%C2%A0b'],
    ['http://host/a\u200bb', 'http://host/a%E2%80%8Bb'],
    ['http://host/\u202ea', 'http://host/%E2%80%AEa'],
    ['http://host/a/../b', 'http://host/b'],
    ['http://host/a/%2e%2E/b', 'http://host/b'],
    ['http://host/./b', 'http://host/b'],
    ['http://0x7f.1/', 'http://127.0.0.1/'],
    ['http://2130706433/', 'http://127.0.0.1/'],
    ['http://1.2.3/', 'http://1.2.0.3/'],
    ['http://010.0.0.1/', 'http://8.0.0.1/'],
    ['http://127.0.0.1./', 'http://127.0.0.1/'],
    ['http://%65xample.com/', 'http://example.com/'],
    ['http://ｅxample.com/', 'http://example.com/'],
    ['http://a。b/', 'http://a.b/'],
    ['http://a\u00adb/', 'http://ab/'],
  ])('is refused with what it would be: %j', (text, repaired) => {
    expect(faultOf(text)).toBe(`Enter a valid URL. Did you mean ${repaired}?`);
    expect(isPlainHttpUrl(text)).toBe(false);
    expect(faultOf(repaired)).toBeNull();
  });

  it('is refused on port 0, which would be sent to port 80', () => {
    for (const port of ['0', '00']) {
      expect(faultOf(`http://host:${port}/`)).toBe(
        'Port 0 cannot be connected to. Enter a port from 1 to 65535, or none.',
      );
    }
  });

  it.each([
    'a..b',
    '.a',
    '.',
    'a..',
    '-',
    '-a',
    'a-.b',
    '{{host}}',
    '$host',
    '*.a',
    'a,b',
    `${LONG_LABEL}a.b`,
    [LONG_LABEL, LONG_LABEL, LONG_LABEL, LONG_LABEL].join('.'),
  ])('is refused where the host cannot be one: %j', (host) => {
    expect(faultOf(`http://${host}/`)).toContain(`"${host}" is not a host name`);
  });
});

describe('an http URL of a setting', () => {
  it('has a user name only where that is allowed', () => {
    expect(isPlainHttpUrl('http://user:p%40ss@host/')).toBe(false);
    expect(isPlainHttpUrl('http://user:p%40ss@host/', { allowsUser: true })).toBe(true);
    expect(isPlainHttpUrl('http://@host/', { allowsUser: true })).toBe(false);
  });

  it.each(['', 'host', 'host:80', 'ftp://host/', 'http://', 'http://host:65536/', '//host/'])('is not %j', (text) => {
    expect(isPlainHttpUrl(text)).toBe(false);
  });
});

describe('whatever is accepted', () => {
  /** The parts of a text as a reader finds them: from the first :// to the first slash, question or number sign. */
  function visibleParts(text: string): { scheme: string; host: string; port: string; path: string; query: string } {
    const [scheme = '', ...afterScheme] = text.split('://');
    const [beforeFragment = ''] = afterScheme.join('://').split('#', 1);
    const [beforeQuery = '', ...queries] = beforeFragment.split('?');
    const [authority = '', ...segments] = beforeQuery.split('/');
    const colon = authority.lastIndexOf(':');
    const hasPort = colon > authority.lastIndexOf(']');
    return {
      scheme: scheme.toLowerCase(),
      host: (hasPort ? authority.slice(0, colon) : authority).toLowerCase(),
      port: hasPort ? authority.slice(colon + 1) : ({ http: '80', https: '443' }[scheme.toLowerCase()] ?? ''),
      path: `/${segments.join('/')}`,
      query: queries.join('?'),
    };
  }

  function parsedParts({ protocol, hostname, port, pathname, search }: URL): ReturnType<typeof visibleParts> {
    const scheme = protocol.slice(0, -1);
    const defaultPort = scheme === 'http' ? '80' : '443';
    return { scheme, host: hostname, port: port || defaultPort, path: pathname, query: search.slice(1) };
  }

  const rest = fc.array(
    fc.oneof(
      fc.constantFrom(
        '/',
        '/a',
        ':80',
        ':8080',
        '?',
        'x=1',
        '.b',
        '#',
        '..',
        '.',
        '%2e',
        '%41',
        '&',
        '+',
        '|',
        '"',
        'é',
      ),
      fc.constantFrom('//', '\\', '@', ':', ':0', ':080', ' ', '\t', '\n', '\0', '\u200b', '{', 'ｅ', '_', '-', '0x7f'),
    ),
    { maxLength: 6 },
  );
  const texts = fc
    .tuple(
      fc.constantFrom('http://', 'https://', 'HTTP://', 'http:', 'http:///', 'http:/'),
      fc.constantFrom('host', 'a.b', '[::1]', '127.0.0.1', '0x7f.1', '@host', 'é.b', ''),
      rest,
    )
    .map(([scheme, host, others]) => scheme + host + others.join(''));

  it('is sent to the scheme, host, port, path and query that it visibly has', () => {
    let accepted = 0;
    fc.assert(
      fc.property(texts, (text) => {
        if (!isPlainHttpUrl(text)) return;
        accepted++;
        const { path, query, ...sent } = parsedParts(new URL(text));
        const visible = visibleParts(text);
        // How characters are encoded is all that may differ.
        expect(decodeURI(path)).toBe(decodeURI(visible.path));
        expect(decodeURI(query)).toBe(decodeURI(visible.query));
        expect(sent).toEqual({ scheme: visible.scheme, host: domainToASCII(visible.host), port: visible.port });
      }),
      { seed: 9, numRuns: 30_000 },
    );
    expect(accepted).toBeGreaterThan(1_000);
  });

  it('has each part that it was put together from', () => {
    const label = fc.stringMatching(/^[a-z0-9_]([a-z0-9_-]{0,10}[a-z0-9_])?$/);
    const host = fc.tuple(label, fc.constantFrom('.example', '.org', '.a-b.test')).map((labels) => labels.join(''));
    const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined });
    const segment = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_~!$&()*+,;=:@é√|{}"^`<>') });
    const path = fc.array(segment.map((text) => `/${text}`)).map((segments) => segments.join(''));
    const query = fc.option(segment, { nil: undefined });
    fc.assert(
      fc.property(fc.constantFrom('http', 'https'), host, port, path, query, (scheme, name, number, where, asked) => {
        const text = `${scheme}://${name}${number ? `:${number}` : ''}${where}${asked === undefined ? '' : `?${asked}`}`;
        expect(faultOf(text)).toBeNull();
        const url = parsedParts(new URL(text));
        expect(url).toMatchObject({ scheme, host: name, port: String(number ?? (scheme === 'http' ? 80 : 443)) });
        expect(decodeURIComponent(url.path)).toBe(where || '/');
        expect(decodeURIComponent(url.query)).toBe(asked ?? '');
      }),
      { seed: 9, numRuns: 2_000 },
    );
  });
});
