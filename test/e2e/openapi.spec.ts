import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../support/app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import {
  committedDocument,
  committedOperations,
  type OpenApiDocument,
  type Operation,
  operationFor,
  operationsOf,
  responseFault,
  type Schema,
} from '../support/openapi.js';
import { type ServiceProcess, startProcess } from '../support/process.js';

const ID = '00000000-0000-4000-8000-000000000000';
const pathOf = ({ path }: Operation) => path.replace('{id}', ID).replace('{tokenId}', '1');

describe('the OpenAPI document', () => {
  let database: TestDatabase;
  let service: ServiceProcess;
  let document: OpenApiDocument;

  beforeAll(async () => {
    database = await createDatabase();
    service = await startProcess({ DATABASE_URL: database.url, ROLES: 'api' });
    document = (await service.call('GET', '/docs-json')).body as OpenApiDocument;
  });

  afterAll(async () => {
    await service[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  it('is the one in docs/openapi.json', () => {
    expect(document).toEqual(committedDocument());
  });

  it('says rightly which operations need a token', async () => {
    const operations = operationsOf(document);
    for (const operation of operations) {
      const { status } = await service.call(operation.method, pathOf(operation), undefined, { authorization: '' });
      expect([operation.method, operation.path, status === 401]).toEqual([
        ...[operation.method, operation.path, !operation.isPublic],
      ]);
    }
    const open = operations.filter(({ isPublic }) => isPublic).map(({ path }) => path);
    expect(open.sort()).toEqual(['/health/live', '/health/ready', '/metrics']);
  });

  it('has a name for every operation that reads as a method', () => {
    const names = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map((operation) => (operation as { operationId?: string }).operationId ?? ''),
    );
    for (const name of names) expect(name).toMatch(/^[a-z]+([A-Z][a-z]+)+$/);
  });

  it('has no default in a body, because generated clients would require the field', () => {
    const bodies = operationsOf(document).flatMap(({ body }) => body?.$ref?.split('/').at(-1) ?? []);
    expect(new Set(bodies).size).toBe(7);
    for (const name of bodies) {
      for (const property of Object.values(document.components.schemas[name]?.properties ?? {})) {
        expect(property).not.toHaveProperty('default');
      }
    }
  });

  it('promises no default for the fields of an update, where absent ones keep their value', () => {
    const { properties = {} } = document.components.schemas.UpdateScheduleDto ?? {};
    const descriptions = Object.values(properties).map(({ description }) => description ?? '');
    expect(descriptions.filter((text) => text.includes('Default for a new schedule:'))).toHaveLength(6);
    expect(descriptions.filter((text) => text.includes('Default:'))).toEqual([]);
  });

  it('lets a payload be any JSON value, and requires the fields of a schedule in responses only', () => {
    const { CreateScheduleDto, ScheduleDto, JsonValue } = document.components.schemas as Record<
      string,
      Schema & { required: string[] }
    >;
    expect(Object.keys(JsonValue ?? {}).sort()).toEqual(['description', 'examples']);
    expect(CreateScheduleDto?.properties?.payload?.allOf).toEqual([{ $ref: '#/components/schemas/JsonValue' }]);
    expect(CreateScheduleDto?.required).toEqual(['endpoint']);
    expect(ScheduleDto?.required.sort()).toEqual(Object.keys(ScheduleDto?.properties ?? {}).sort());
  });
});

describe('the server of the OpenAPI document', () => {
  it.each([
    [{}, '/'],
    [{ PUBLIC_URL: 'https://scheduler.example.org/base/' }, 'https://scheduler.example.org/base'],
  ])('with %j is %s', async (environment, url) => {
    await using app = await startApp({ ROLES: 'api', ...environment });
    const document = (await app.call('GET', '/docs-json')).body as OpenApiDocument;
    expect(document.servers.map((server) => server.url)).toEqual([url]);
  });
});

describe('the check of responses against the document', () => {
  const health = operationFor(committedOperations(), 'GET', '/api/health/?a=b') as Operation;
  const right = { up: true, result: { database: 'Accessible', version: '0.1.0' } };

  it.each([
    ['what is documented', 200, right, null],
    ['an error', 401, { detail: 'Invalid token.' }, null],
    ['an error of its own shape', 503, { up: false, result: right.result }, null],
    ['a missing field', 200, { up: true }, 'required'],
    ['a field that is not documented', 200, { ...right, more: 1 }, 'additionalProperties'],
    ['a wrong type', 200, { ...right, up: 'yes' }, 'must be boolean'],
    ['an error without a detail', 401, { error: 'no' }, 'required'],
    ['a status that is not documented', 502, { detail: 'no' }, 'not documented'],
    ['an undocumented error of another shape', 405, { message: 'no' }, 'not the shape'],
  ])('finds with %s what it should', (_, status, body, fault) => {
    const found = responseFault(health, { status, text: JSON.stringify(body) });
    if (fault === null) expect(found).toBeNull();
    else expect(found).toContain(fault);
  });

  it('takes a literal path for itself, not for a parameter', () => {
    const operations = committedOperations();
    expect(operationFor(operations, 'POST', '/api/v1/user/token/')?.path).toBe('/api/v1/user/token');
    expect(operationFor(operations, 'GET', '/api/v1/user/1/')?.path).toBe('/api/v1/user/{id}');
    expect(operationFor(operations, 'GET', '/nothing')).toBeUndefined();
  });
});
