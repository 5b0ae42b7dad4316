import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { idOfSecretKey } from '../../src/secrets/secret-cipher.js';
import { aSchedule } from '../support/app.js';
import { commandLine } from '../support/command-line.js';
import { createDatabase } from '../support/database.js';
import { startProcess } from '../support/process.js';
import { startSink } from '../support/sink.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const [KEY, OTHER] = ['the key', 'another key'].map((name) => `${name} of these tests, long enough for one`);

/** A start that fails: what it prints, and its exit code. */
async function failedStart(environment: Record<string, string>) {
  const env = { PATH: process.env.PATH, PORT: '0', ...environment };
  const child = spawn(process.execPath, [MAIN], { env });
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { stdout, stderr, exitCode };
}

describe('a process with another key', () => {
  it('ends with one line that says what it wants, and has neither printed a token nor taken anything', async () => {
    await using database = await createDatabase();
    await using sink = await startSink();
    await using service = await startProcess({ DATABASE_URL: database.url, SECRET_KEY: KEY });
    await service.call('POST', '/api/v1/schedule/', aSchedule({ endpoint: sink.url, auth_token: 'a-token' }));
    // So that the next start would make an admin's token and print it.
    await database.query('DELETE FROM tokens');

    const { stdout, stderr, exitCode } = await failedStart({ DATABASE_URL: database.url, SECRET_KEY: OTHER });

    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(
        `^SECRET_KEY has key ${idOfSecretKey(OTHER)}, but .* key ${idOfSecretKey(KEY)} .*SECRET_KEY_FALLBACKS`,
      ),
    ]);
    await sink.received(sink.arrivals.length + 3);
    expect(await database.query('SELECT FROM failed_tasks UNION ALL SELECT FROM tokens')).toEqual([]);
  });

  it('starts when the one before it is accepted as lost', async () => {
    await using database = await createDatabase();
    const service = await startProcess({ DATABASE_URL: database.url, SECRET_KEY: KEY });
    await service.call(
      'POST',
      '/api/v1/schedule/',
      aSchedule({ interval_definition: '1 days', auth_token: 'a-token' }),
    );
    await service.end('SIGTERM');
    const settings = { DATABASE_URL: database.url, SECRET_KEY: OTHER };

    const refused = await commandLine(settings).run(['rotate-secrets']);
    const accepted = await commandLine(settings).run(['rotate-secrets', '--lost-key']);

    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringMatching(/^error: SECRET_KEY has key/)]);
    expect([accepted.exitCode, accepted.stderr]).toEqual([1, expect.stringContaining('1 secrets could not be sealed')]);
    await using again = await startProcess(settings);
    expect((await again.call('GET', '/health/ready')).status).toBe(200);
  });
});

describe('the key file of the embedded database', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'key-file-'));
    // The account of PostgreSQL must be able to pass through.
    chmodSync(folder, 0o755);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is not made anew while secrets are sealed under the one that is gone', async () => {
    const environment = { DATA_DIR: folder, SECRET_KEY: '' };
    const file = join(folder, 'secret-key');
    const first = await startProcess(environment);
    await first.call('POST', '/api/v1/schedule/', aSchedule({ interval_definition: '1 days', auth_token: 'a-token' }));
    await first.end('SIGTERM');
    const keyId = idOfSecretKey(readFileSync(file, 'utf8').trim());
    renameSync(file, `${file}.copy`);

    const { stdout, stderr, exitCode } = await failedStart(environment);

    expect(exitCode).toBe(1);
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(`^${file} is missing, but secrets of this database are sealed under key ${keyId}\\. `),
    ]);
    expect(stdout).not.toContain('token');
    expect(existsSync(file)).toBe(false);

    renameSync(`${file}.copy`, file);
    await using again = await startProcess(environment);
    expect((await again.call('GET', '/health/ready')).status).toBe(200);
    await again.end('SIGTERM');
  });
});
