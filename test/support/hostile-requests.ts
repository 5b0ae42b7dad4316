import fc from 'fast-check';
import { type OpenApiDocument, type Operation, resolved, type Schema } from './openapi.js';

/** Stands for an id of something that is there; it is chosen when the request is made. */
export interface KnownId {
  nth: number;
}

export interface HostileRequest {
  operation: Operation;
  ids: (string | KnownId)[];
  query: string;
  body: string | null;
  headers: Record<string, string>;
  caller: 'admin' | 'user' | 'nobody' | 'stranger';
}

const NASTY_TEXTS = [
  ...[
    '',
    ' ',
    '0',
    '-1',
    '1e309',
    'null',
    '__proto__',
    'constructor',
    '\0',
    'a\0b',
    '\ud800',
    '\udfff\ud800',
    '\u202e',
  ],
  ...['a\r\nX-Injected: 1', "'; DROP TABLE schedules; --", '%00', '%ff', '../../etc/passwd', '${7*7}', '{{7*7}}', '👩‍👩‍👧'],
  ...['99999999999999999999', '2147483648', '-2147483649', '1.5', '0x10', 'NaN', 'Infinity', '********'],
  ...['* * * * *', '*/0 * * * *', '0 0 30 2 *', '99 99 99 99 99', '1 seconds', '0 seconds', '9e99 days', '@yearly'],
  ...[
    'http://127.0.0.1:9/',
    'http://[::1',
    'ftp://example.org',
    'javascript:alert(1)',
    'http://a:b@c/',
    '//x',
    'http://\0/',
  ],
  ...['x'.repeat(5_000), '1970-01-01T00:00:00Z', '+275760-09-13', '0000-00-00T99:99:99Z', 'a@b', 'a@example.org'],
];

// Written as they are: JSON.stringify would make other numbers of them, or fail.
const NASTY_JSON = [
  ...[
    '1e309',
    '-1e309',
    '1e-999',
    '-0',
    '9007199254740993',
    '1'.repeat(400),
    '0.1e1',
    'null',
    'true',
    '[]',
    '{}',
    '""',
  ],
  ...['{"__proto__":{"isAdmin":true}}', '{"constructor":{"prototype":{}}}', '"\\ud800"', '"\\u0000"', '{"a":1,"a":2}'],
  ...['['.repeat(101) + ']'.repeat(101), '{"a":'.repeat(150) + '1' + '}'.repeat(150), '[['.repeat(20_000)],
];

const CONTENT_TYPES = [
  ...[
    'application/json',
    'application/json;charset=utf-8',
    'application/json; charset=utf-16',
    'application/merge-patch+json',
  ],
  ...['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x', 'application/', '*/*', ';'],
];

const nastyText = fc.constantFrom(...NASTY_TEXTS);
const anyText = fc.oneof(nastyText, fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));
const anyJson = fc.oneof(
  fc.constantFrom(...NASTY_JSON),
  nastyText.map((text) => JSON.stringify(text)),
  fc.jsonValue({ stringUnit: 'binary' }).map((value) => JSON.stringify(value)),
);

/** Requests to every operation of a document: right, nearly right, and hostile, in every part. */
export function hostileRequests(document: OpenApiDocument, operations: Operation[]): fc.Arbitrary<HostileRequest> {
  return fc.constantFrom(...operations).chain((operation) =>
    fc.record({
      operation: fc.constant(operation),
      ids: fc.tuple(...operation.parameters.filter((one) => one.in === 'path').map(() => id)),
      query: queryOf(operation),
      body: operation.method === 'GET' ? fc.option(anyJson, { freq: 20 }) : fc.oneof(...bodiesOf(operation, document)),
      headers: headers,
      caller: fc.oneof(
        { weight: 6, arbitrary: fc.constant('admin' as const) },
        { weight: 3, arbitrary: fc.constant('user' as const) },
        { weight: 1, arbitrary: fc.constantFrom('nobody' as const, 'stranger' as const) },
      ),
    }),
  );
}

// The first admin is left alone: without its rights the rest would be refused unread.
const id = fc.oneof(
  { weight: 3, arbitrary: fc.nat(1_000).map((nth) => ({ nth })) },
  {
    weight: 1,
    arbitrary: anyText
      .map(encoded)
      .filter((text) => text !== '' && text !== '.' && text !== '..' && !/^[+0]*1$/.test(text)),
  },
);

const headers = fc.record(
  {
    'content-type': fc.oneof(
      { weight: 8, arbitrary: fc.constant('application/json') },
      { weight: 2, arbitrary: fc.constantFrom(...CONTENT_TYPES) },
    ),
    prefer: fc.constantFrom('handling=strict', 'handling=lenient', ';;', '"'),
    accept: fc.constantFrom('application/json', 'text/html', '*/*;q=0', 'x'.repeat(2_000)),
    'x-forwarded-host': fc.constantFrom('evil.example', '"><script>', 'a b', '['),
    'x-forwarded-proto': fc.constantFrom('https', 'javascript', ','),
    'x-request-id': fc.constantFrom('a', 'x'.repeat(3_000), '"', '<>'),
    'content-encoding': fc.constantFrom('gzip', 'br'),
  },
  { requiredKeys: ['content-type'] },
);

function queryOf({ parameters }: Operation): fc.Arbitrary<string> {
  const names = parameters.filter((one) => one.in === 'query').map(({ name }) => name);
  const name = fc.oneof(
    fc.constantFrom('limit', 'offset', ...names),
    fc.constantFrom('__proto__', 'a[b]', 'limit[]', ''),
  );
  const value = fc.oneof(fc.nat(50).map(String), fc.constantFrom('true', 'false'), anyText);
  const pair = fc.tuple(name, value).map(([key, text]) => `${encoded(key)}=${encoded(text)}`);
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant('') },
    { weight: 3, arbitrary: fc.array(pair, { maxLength: 4 }).map((pairs) => pairs.join('&')) },
    { weight: 1, arbitrary: fc.constantFrom('%', '%zz', '&&&', '=', 'a=%ff', '?', 'limit=1&limit=2') },
  );
}

/** Texts of bodies: fields as they should be, some with other values, some cut or garbled; or any JSON at all. */
function bodiesOf({ body }: Operation, document: OpenApiDocument): fc.Arbitrary<string | null>[] {
  const properties = body ? (resolved(body, document).properties ?? {}) : {};
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [
      name,
      fc.oneof({ weight: 4, arbitrary: valueOf(schema, document) }, { weight: 1, arbitrary: anyJson }),
    ]),
  );
  const object = fc
    .tuple(fc.record(fields, { requiredKeys: [] }), fc.dictionary(anyText, anyJson, { maxKeys: 1 }))
    .map(([known, other]) => textOf({ ...known, ...other }));
  const garbled = fc
    .tuple(object, fc.nat(200), anyText)
    .map(([text, at, junk]) => text.slice(0, at) + junk + text.slice(at + 1));
  return [object, object, object, garbled, anyJson, fc.constant(null), fc.constant('{}')];
}

/** The text of a value that suits a schema, mostly. */
function valueOf(schema: Schema, document: OpenApiDocument): fc.Arbitrary<string> {
  const { enum: choices, type, format, items, example, examples = [] } = resolved(schema, document);
  const types = [type ?? []].flat();
  const known = [example, ...examples]
    .filter((one) => one !== undefined)
    .map((one) => fc.constant(JSON.stringify(one)));
  const suited = (): fc.Arbitrary<unknown> => {
    if (choices) return fc.constantFrom(...choices);
    if (format === 'uri') return fc.webUrl();
    if (format === 'email') return fc.emailAddress();
    if (format === 'date-time') return fc.date({ noInvalidDate: true });
    if (types.includes('integer') || types.includes('number')) return fc.integer({ min: -5, max: 100 });
    if (types.includes('boolean')) return fc.boolean();
    if (types.includes('string')) return anyText;
    return fc.constant(null);
  };
  if (types.includes('array') && items) {
    return fc.array(valueOf(items, document), { maxLength: 3 }).map((texts) => `[${texts.join(',')}]`);
  }
  // Without a type, any JSON will do.
  const isAny = types.length === 0 || types.includes('object');
  return fc.oneof(...known, isAny ? anyJson : suited().map((value) => JSON.stringify(value)));
}

function textOf(fields: Record<string, string | undefined>): string {
  const members = Object.entries(fields).flatMap(([name, text]) =>
    text === undefined ? [] : [`${JSON.stringify(name)}:${text}`],
  );
  return `{${members.join(',')}}`;
}

/** Percent-encoded, lone surrogates too, which become a byte sequence that is no UTF-8. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll('%EF%BF%BD', '%ED%A0%80');
}
