import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, startApp, type TestApp } from '../support/app.js';
import { type OpenApiDocument, type Operation, operationsOf } from '../support/openapi.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** Nothing has these ids. */
const UNKNOWN_IDS: Record<string, string> = { schedule: '00000000-0000-4000-8000-000000000000' };

const BODIES: [name: string, body: string | Buffer, headers: Record<string, string>][] = [
  ['null, as the client of the replaced service sends it', 'null', JSON_TYPE],
  ['JSON that is no object', '[7]', JSON_TYPE],
  ['JSON that breaks off', '{"a": ', JSON_TYPE],
  ['JSON with a __proto__', '{"__proto__": {"isAdmin": true}}', JSON_TYPE],
  ['JSON that is nested too deeply', '['.repeat(5000), JSON_TYPE],
  ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]), JSON_TYPE],
  ['a form with a __proto__', '__proto__=x', FORM],
  ['XML', '<a/>', { 'content-type': 'text/xml' }],
  ['text', 'null', { 'content-type': 'text/plain' }],
  ['parts', '--x--', { 'content-type': 'multipart/form-data; boundary=x' }],
  ['no content type', 'null', {}],
  ['an empty content type', 'null', { 'content-type': '' }],
  ['a content type that is none', 'null', { 'content-type': 'json' }],
];

let app: TestApp;
let operations: Operation[];

beforeAll(async () => {
  app = await startApp({ ROLES: 'api' });
  operations = operationsOf((await app.call('GET', '/docs-json')).body as OpenApiDocument);
});

afterAll(() => app[Symbol.asyncDispose]());

/** Calls with any body at all, on methods too that fetch sends none with. */
async function send(method: string, path: string, body: string | Buffer, headers: Record<string, string>) {
  const authorization = `Token ${ADMIN_TOKEN}`;
  const length = { 'content-length': Buffer.byteLength(body) };
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const request = httpRequest(app.url + path, { method, headers: { authorization, ...length, ...headers } });
    request.on('error', reject);
    request.on('response', (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, text: answer }), reject);
    });
    request.end(body);
  });
}

function unknownPath({ path }: Operation): string {
  const kind = /^\/api\/v1\/([^/]+)/.exec(path)?.[1] ?? '';
  return `${path.replaceAll(/\{\w+\}/g, UNKNOWN_IDS[kind] ?? '4711')}/`;
}

describe('a route that takes no body', () => {
  it.each(BODIES)('is not concerned with one: %s', async (_, body, headers) => {
    const bodiless = operations.filter((operation) => operation.body === null);
    expect(bodiless.map(({ method, path }) => `${method} ${path}`)).toEqual(
      expect.arrayContaining([
        'POST /api/v1/failed-tasks',
        'POST /api/v1/failed-tasks/{id}/requeue',
        'POST /api/metrics',
        'DELETE /api/v1/schedule/{id}',
        'DELETE /api/v1/user/{id}/token',
        'GET /api/v1/schedule',
      ]),
    );
    for (const operation of bodiless) {
      const reply = await send(operation.method, unknownPath(operation), body, headers);
      const expected = operation.path.includes('{') ? [404] : [200, 201];
      expect(expected, `${operation.method} ${operation.path}: ${reply.text}`).toContain(reply.status);
    }
  });

  it('does what it is for, whatever it is sent', async () => {
    for (const [, body, headers] of BODIES) {
      const { body: schedule } = await app.call('POST', '/api/v1/schedule/', {
        endpoint: 'http://127.0.0.1:9/',
        cron_definition: '@yearly',
      });
      const path = `/api/v1/schedule/${schedule.id}/`;
      expect(await send('DELETE', path, body, headers)).toEqual({ status: 204, text: '' });
      expect((await app.call('GET', path)).status).toBe(404);
    }
  });

  it('has a limit for its body all the same', async () => {
    const reply = await send('POST', '/api/v1/failed-tasks/', 'x'.repeat(256 * 1024 + 1), {
      'content-type': 'text/xml',
    });
    expect(reply.status).toBe(413);
  });
});

describe('a route that takes a body', () => {
  it.each(BODIES)('refuses one that it cannot read: %s', async (_, body, headers) => {
    const taking = operations.filter((operation) => operation.body !== null);
    expect(taking.length).toBeGreaterThan(8);
    const isOfKnownType = headers === JSON_TYPE || headers === FORM;
    for (const operation of taking) {
      const reply = await send(operation.method, unknownPath(operation), body, headers);
      expect(reply.status, `${operation.method} ${operation.path}: ${reply.text}`).toBe(isOfKnownType ? 400 : 415);
      expect(JSON.parse(reply.text)).toEqual({ detail: expect.any(String) as string });
    }
  });

  it('names the media type that it does not know as it was sent', async () => {
    for (const type of ['text/xml; charset=x', 'json', '']) {
      const reply = await send('POST', '/api/v1/group/', 'null', { 'content-type': type });
      expect(JSON.parse(reply.text)).toEqual({ detail: `Unsupported media type "${type}" in request.` });
    }
  });

  it('asks who is calling before it judges the body', async () => {
    const reply = await send('POST', '/api/v1/group/', '{', { ...JSON_TYPE, authorization: '' });
    expect(reply.status).toBe(401);
  });
});
