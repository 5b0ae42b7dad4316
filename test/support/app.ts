import { randomBytes } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApplication } from '../../src/application.js';
import type { Config } from '../../src/config/config.js';
import { configOf } from '../../src/config/load-config.js';
import { readSettings } from '../../src/config/settings.js';
import { createDatabase, type TestDatabase } from './database.js';

export const ADMIN_TOKEN = 'test-admin-token-0123456789';

// What the API answered, parsed; the assertions of the tests say what they expect of it.
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- checked by those assertions, not by types
type Json = any;

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  body: Json;
}

export interface TestApp extends AsyncDisposable {
  url: string;
  nest: NestFastifyApplication;
  database: TestDatabase;
  /** Calls the API as the admin, unless headers say otherwise. A body that is text is sent as it is. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  /** Makes a schedule, which must succeed, and returns its representation. */
  creates(schedule: object | string): Promise<Json>;
  /** Calls until the reply's body passes. */
  eventually(path: string, isThere: (body: Reply['body']) => boolean, timeoutMs?: number): Promise<Reply['body']>;
}

export function testConfig(databaseUrl: string, environment: Record<string, string> = {}): Config {
  const settings = readSettings({
    DATABASE_URL: databaseUrl,
    SECRET_KEY: randomBytes(24).toString('hex'),
    SCHEDULER_ADMIN_TOKEN: ADMIN_TOKEN,
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'silent',
    ...environment,
  });
  return configOf(settings, null);
}

/** The real service, listening, on a database of its own or on one that is given. */
export async function startApp(environment: Record<string, string> = {}, shared?: TestDatabase): Promise<TestApp> {
  const database = shared ?? (await createDatabase());
  const nest = await createApplication(testConfig(database.url, environment));
  await nest.listen(0, '127.0.0.1');
  const url = await nest.getUrl();
  const call = caller(url);
  return {
    url,
    nest,
    database,
    call,
    async creates(schedule) {
      const reply = await call('POST', '/api/v1/schedule/', schedule);
      if (reply.status !== 201) throw new Error(`not created: ${reply.status} ${reply.text}`);
      return reply.body as unknown;
    },
    async eventually(path, isThere, timeoutMs = 20_000) {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        const { body, text } = await call('GET', path);
        if (isThere(body)) return body as unknown;
        if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${path} is ${text}`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },
    async [Symbol.asyncDispose]() {
      await nest.close();
      if (!shared) await database[Symbol.asyncDispose]();
    },
  };
}

/** Calls an API at a base URL. */
export function caller(url: string): TestApp['call'] {
  return async (method, path, body, headers = {}) => {
    const isText = typeof body === 'string';
    const response = await fetch(url + path, {
      method,
      body: body === undefined ? undefined : isText ? body : JSON.stringify(body),
      headers: {
        authorization: `Token ${ADMIN_TOKEN}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      redirect: 'manual',
    });
    const text = await response.text();
    let parsed: unknown = text;
    try {
      parsed = JSON.parse(text);
    } catch {
      // not JSON: the text will do
    }
    return { status: response.status, headers: response.headers, text, body: parsed };
  };
}

/** A schedule that is due every second; name the fields that matter. */
export function aSchedule(fields: object): object {
  return { endpoint: 'http://127.0.0.1:9/unused', interval_definition: '1 seconds', payload: {}, ...fields };
}
