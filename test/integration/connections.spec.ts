import { readdirSync, readFileSync } from 'node:fs';
import { createServer, connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { aSchedule, startApp } from '../support/app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { startSink } from '../support/sink.js';

const ROOT = join(import.meta.dirname, '../..');

type Parameters = Record<string, string>;

/** A way to a database that notes with which parameters each session is opened. */
async function startWiretap(database: TestDatabase) {
  const target = new URL(database.url);
  const sessions: Parameters[] = [];
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    client.once('data', (packet) => sessions.push(parametersOf(packet)));
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream])
      socket.on('error', () => [client, upstream].forEach((one) => one.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    sessions,
    database: { ...database, url: url.href, [Symbol.asyncDispose]: async () => {} } as TestDatabase,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** StartupMessage: length, protocol version, then names and values, each ended by a zero byte. */
function parametersOf(packet: Buffer): Parameters {
  const texts = packet.subarray(8).toString('utf8').split('\0');
  const pairs: [string, string][] = [];
  for (let i = 0; texts[i]; i += 2) pairs.push([texts[i] ?? '', texts[i + 1] ?? '']);
  return Object.fromEntries(pairs);
}

function filesOf(folder: string): { name: string; text: string }[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /\.[jt]s$/.test(entry.name))
    .map(({ name, parentPath }) => ({ name, text: readFileSync(join(parentPath, name), 'utf8') }));
}

describe('every connection of the service', () => {
  it('gives up rather than hang: statements, locks and forgotten transactions end; those of migrations need not', async () => {
    await using database = await createDatabase();
    await using tap = await startWiretap(database);
    await using sink = await startSink();
    await using app = await startApp({}, tap.database);
    await app.creates(aSchedule({ endpoint: sink.url, frequency: 1 }));
    await sink.received(1);

    const seen = new Map<string, object>();
    for (const session of tap.sessions) {
      const { application_name: name, statement_timeout, lock_timeout, idle_in_transaction_session_timeout } = session;
      const limits = [statement_timeout, lock_timeout, idle_in_transaction_session_timeout];
      expect(seen.get(name ?? '') ?? limits).toEqual(limits);
      seen.set(name ?? '', limits);
    }

    expect(Object.fromEntries(seen)).toEqual({
      'seed-scheduler start': ['9000', '5000', '30000'],
      'seed-scheduler': ['9000', '5000', '30000'],
      'seed-scheduler queue': ['9000', '9000', '30000'],
      'seed-scheduler notifications': ['9000', '5000', '30000'],
      // A limit of zero is not sent: there is none.
      'seed-scheduler migrations': [undefined, undefined, undefined],
    });
    const [shown] = await app.nest.get(DataSource).query<Parameters[]>(
      `SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
              current_setting('idle_in_transaction_session_timeout') AS idle`,
    );
    expect(shown).toEqual({ statement: '9s', lock: '5s', idle: '30s' });
  });

  it('is made by the client that settles its session, but for the one to the replaced service', () => {
    const makers = filesOf(join(ROOT, 'src')).filter(
      ({ text }) => /from 'pg'/.test(text) && /new (pg\.)?(Client|Pool)\(/.test(text),
    );
    // The other one reads a URL, and connects nowhere.
    expect(makers.map(({ name }) => name).sort()).toEqual(['database-failure.ts', 'legacy-database.ts']);
  });
});

describe('advisory locks', () => {
  it('end with their transaction, so that a pooler may give each transaction another session', async () => {
    await using database = await createDatabase();
    await using sink = await startSink();
    await using app = await startApp({}, database);
    await using _other = await startApp({}, database);
    await app.creates(aSchedule({ endpoint: sink.url, frequency: 2 }));
    await sink.received(2);

    // A session that is between transactions, and holds one all the same.
    const held = await database.query(
      `SELECT a.application_name, a.query FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE l.locktype = 'advisory' AND a.datname = current_database() AND a.state = 'idle'`,
    );

    expect(held).toEqual([]);
  });

  it.each(['src', 'node_modules/pg-boss/dist'])('of sessions are in no statement of %s', (folder) => {
    const names = filesOf(join(ROOT, folder)).flatMap(({ text }) => text.match(/pg_\w*advisory\w*/g) ?? []);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !/^pg_(try_)?advisory_xact_lock(_shared)?$/.test(name))).toEqual([]);
  });
});
