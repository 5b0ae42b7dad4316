import { Agent, request as httpRequest } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN } from '../support/api.js';
import { aSchedule } from '../support/app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { type HostileRequest, hostileRequests, type KnownId } from '../support/hostile-requests.js';
import { type OpenApiDocument, type Operation, operationsOf, responseFault } from '../support/openapi.js';
import { type ServiceProcess, startProcess } from '../support/process.js';

const WARM_UP = 1_000;
const REQUESTS = 4_000;
const ANSWER_WITHIN_MS = 10_000;
const MIB = 1024 ** 2;
const MAX_GROWTH_BYTES = 8 * MIB;

/** Makes the service collect its garbage when it is told to by SIGUSR2, so that what is left can be measured. */
const COLLECTS = `import v8 from 'node:v8'; import vm from 'node:vm';
  v8.setFlagsFromString('--expose-gc');
  const gc = vm.runInNewContext('gc');
  process.on('SIGUSR2', () => gc());`;

interface Answer {
  status: number;
  type: string;
  text: string;
}

describe('any request at all, made up from the OpenAPI document', () => {
  let database: TestDatabase;
  let service: ServiceProcess;
  let document: OpenApiDocument;
  let operations: Operation[];
  let userToken: string;
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  /** ids of what is there, by the first word of its path */
  const known: Record<string, string[]> = { schedule: [], user: [], group: [], 'failed-tasks': ['1'] };

  beforeAll(async () => {
    database = await createDatabase();
    // Nothing is delivered: the endpoints are made up too.
    service = await startProcess({
      DATABASE_URL: database.url,
      ROLES: 'api',
      LOG_LEVEL: 'error',
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(COLLECTS)}`,
    });
    document = (await service.call('GET', '/docs-json')).body as OpenApiDocument;
    operations = operationsOf(document);
    const { body } = await service.call('POST', '/api/v1/user/token/', { email: 'user@example.org' });
    userToken = body.token as string;
    known.user.push('2');
    for (let i = 0; i < 10; i++) remember(await service.call('POST', '/api/v1/schedule/', aSchedule({})));
    remember(await service.call('POST', '/api/v1/group/', { name: 'Operators' }));
  });

  afterAll(async () => {
    agent.destroy();
    await service[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  it('is answered as documented, never by a 5xx, and leaves nothing behind', async () => {
    const statuses: Record<number, number> = {};
    const property = fc.asyncProperty(hostileRequests(document, operations), async (request) => {
      const answer = await send(request);
      judge(request.operation, answer);
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
      if (answer.status === 201 && answer.text.includes('"url"')) remember({ body: JSON.parse(answer.text) as object });
    });

    await fc.assert(property, { numRuns: WARM_UP, endOnFailure: true });
    const before = await heapBytes();
    await fc.assert(property, { numRuns: REQUESTS, endOnFailure: true });

    // Most of them were understood, or nothing but refusals would have been tried.
    const understood = Object.entries(statuses).flatMap(([status, count]) => (Number(status) < 300 ? [count] : []));
    expect(understood.reduce((sum, count) => sum + count)).toBeGreaterThan(REQUESTS / 10);
    expect((await service.call('GET', '/api/health/')).status).toBe(200);
    expect(service.output()).not.toMatch(/"level":(50|60)/);
    expect((await heapBytes()) - before).toBeLessThan(MAX_GROWTH_BYTES);
  }, 300_000);

  function remember({ body }: { body: object }): void {
    const { url } = body as { url: string };
    const [, kind = '', id = ''] = /\/v1\/([^/]+)\/([^/]+)\/$/.exec(url) ?? [];
    known[kind]?.push(id);
  }

  function pathOf({ operation, ids, query }: HostileRequest): string {
    const kind = /^\/api\/v1\/([^/]+)/.exec(operation.path)?.[1] ?? '';
    const chosen = (one: string | KnownId | undefined) => {
      if (typeof one === 'string') return one;
      const there = known[kind] ?? [];
      return there[(one?.nth ?? 0) % there.length] ?? '1';
    };
    let nth = 0;
    const path = operation.path.replaceAll(/\{\w+\}/g, () => chosen(ids[nth++]));
    return query ? `${path}/?${query}` : `${path}/`;
  }

  function send(request: HostileRequest): Promise<Answer> {
    const tokens = { admin: ADMIN_TOKEN, user: userToken, stranger: 'not-a-token', nobody: null };
    const token = tokens[request.caller];
    const { body } = request;
    const headers = {
      ...request.headers,
      ...(token !== null && { authorization: `Token ${token}` }),
      ...(body !== null && { 'content-length': String(Buffer.byteLength(body)) }),
    };
    return new Promise((resolve, reject) => {
      const options = { method: request.operation.method, path: pathOf(request), agent, headers };
      const outgoing = httpRequest(service.url, options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', text });
        });
      });
      outgoing.setTimeout(ANSWER_WITHIN_MS, () => outgoing.destroy(new Error('no answer')));
      outgoing.on('error', reject);
      outgoing.end(body ?? undefined);
    });
  }

  /** What is left of the heap after collecting garbage. */
  async function heapBytes(): Promise<number> {
    const majorCollections = async () => (await metric('nodejs_gc_duration_seconds_count{kind="major"}')) || 0;
    const before = await majorCollections();
    service.child.kill('SIGUSR2');
    while ((await majorCollections()) === before);
    return metric('nodejs_heap_size_used_bytes');
  }

  async function metric(name: string): Promise<number> {
    const { text } = await service.call('GET', '/metrics');
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1],
    );
  }
});

function judge(operation: Operation, { status, type, text }: Answer): void {
  expect(status, text).toBeLessThan(500);
  const fault = responseFault(operation, { status, text });
  if (fault) throw new Error(fault);
  if (status < 300) return;
  expect(type).toMatch(/^application\/json/);
  expect(text).not.toMatch(/\.[jt]s:\d+|QueryFailedError|node_modules/);
}
