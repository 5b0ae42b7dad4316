import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApplication } from '../../src/application.js';
import type { Config } from '../../src/config/config.js';
import { configOf } from '../../src/config/load-config.js';
import { readSettings } from '../../src/config/settings.js';
import { ADMIN_TOKEN, type ApiCall, caller, type Reply } from './api.js';
import { createDatabase, type TestDatabase } from './database.js';

export { ADMIN_TOKEN, caller } from './api.js';

type Json = Reply['body'];

export interface TestApp extends AsyncDisposable {
  url: string;
  nest: NestFastifyApplication;
  database: TestDatabase;
  call: ApiCall;
  /** Makes a schedule, which must succeed, and returns its representation. */
  creates(schedule: object | string): Promise<Json>;
  /** Calls until the reply's body passes. */
  eventually(path: string, isThere: (body: Json) => boolean, timeoutMs?: number): Promise<Json>;
}

export function testConfig(databaseUrl: string, environment: Record<string, string> = {}): Config {
  const settings = readSettings({
    DATABASE_URL: databaseUrl,
    SECRET_KEY: 'a key for tests only, of some length',
    SCHEDULER_ADMIN_TOKEN: ADMIN_TOKEN,
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'silent',
    // The sinks are on loopback.
    EGRESS_ALLOW: 'loopback',
    // All tests come from one address, many with wrong tokens; those of the limit itself set it.
    RATE_LIMIT_FAILED_AUTH: '0',
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

/** A schedule that is due every second; name the fields that matter. */
export function aSchedule(fields: object): object {
  return { endpoint: 'http://127.0.0.1:9/unused', interval_definition: '1 seconds', payload: {}, ...fields };
}
