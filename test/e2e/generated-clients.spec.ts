import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN } from '../support/api.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { type ServiceProcess, startProcess } from '../support/process.js';

const execute = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAMS = join(ROOT, 'test', 'clients');
const CACHE = join(ROOT, 'node_modules', '.cache');
const inModules = (...path: string[]) => join(ROOT, 'node_modules', ...path);

/** The types of `fetch` are those of the DOM. */
const COMPILER_OPTIONS = {
  ...{ target: 'es2023', lib: ['es2024', 'dom', 'dom.iterable'], module: 'esnext', moduleResolution: 'bundler' },
  ...{ types: ['node'], strict: true, noUncheckedIndexedAccess: true, noEmit: true },
};

/** What the programs print: what they read back through the types of their client. */
const REPORT = {
  payloads: [{ a: 1 }, { order: 1 }, [1, 'two', null], 'text', 3, false, null],
  listed: 7,
  patched: false,
  put: [200, 7],
  deliveries: 0,
  removed: 204,
  missing: 'Not found.',
  invalid: ['Enter a valid URL.'],
  strict: ['Unknown field, ignored. Did you mean frequency?'],
  unknown: 'Authentication credentials were not provided.',
  tokens: [40, 48, null, 'reports'],
  signing: 'whsec_',
  alive: 'ok',
};

describe('a client generated from the OpenAPI document', () => {
  let database: TestDatabase;
  let service: ServiceProcess;
  /** below node_modules, so that programs in it find their packages */
  let folder: string;

  beforeAll(async () => {
    database = await createDatabase();
    service = await startProcess({ DATABASE_URL: database.url, ROLES: 'api' });
    await mkdir(CACHE, { recursive: true });
    folder = await mkdtemp(join(CACHE, 'generated-clients-'));
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await writeFile(join(folder, 'openapi.json'), (await service.call('GET', '/docs-json')).text);
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
    await service[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  it('by openapi-typescript and openapi-fetch compiles in strict mode and works', { timeout: 180_000 }, async () => {
    await runModule(inModules('openapi-typescript', 'bin', 'cli.js'), ['openapi.json', '-o', 'schema.ts']);
    await compile('openapi-fetch.ts');
    expect(await report('openapi-fetch.ts')).toEqual(REPORT);
  });

  it('by @hey-api/openapi-ts compiles in strict mode and works', { timeout: 180_000 }, async () => {
    const args = ['-i', 'openapi.json', '-o', 'client', '--no-log-file'];
    await runModule(inModules('@hey-api', 'openapi-ts', 'bin', 'run.js'), args);
    await compile('hey-api.ts');
    expect(await report('hey-api.ts')).toEqual(REPORT);
  });

  async function compile(program: string): Promise<void> {
    await copyFile(join(PROGRAMS, program), join(folder, program));
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files: [program] }),
    );
    await runModule(inModules('typescript', 'bin', 'tsc'), ['-p', 'tsconfig.json']);
  }

  async function report(program: string): Promise<unknown> {
    await database.query('TRUNCATE schedules, failed_tasks CASCADE');
    await database.query(`DELETE FROM users WHERE email = 'ann@example.org'`);
    return JSON.parse(await runModule('--import', ['tsx', program]));
  }

  /** @returns what it prints; an error has what it said, or no fault of a type would be seen */
  async function runModule(module: string, args: string[]): Promise<string> {
    const env = { PATH: process.env.PATH, BASE_URL: service.url, TOKEN: ADMIN_TOKEN };
    const running = execute(process.execPath, [module, ...args], { cwd: folder, env });
    const { stdout } = await running.catch((error: Error & { stdout?: string; stderr?: string }) => {
      throw new Error([error.message, error.stdout, error.stderr].join('\n'));
    });
    return stdout;
  }
});
