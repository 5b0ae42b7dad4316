import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Client } from 'pg';
import { IMPATIENCE } from '../../database/data-source-options.js';
import { isSessionShared } from '../../database/pooler.js';
import { type Finding, ok, warning } from './finding.js';

const PATIENCE_MS = 2_000;
const ADVICE = 'see docs/scaling.md, "Connections and PgBouncer", for what it needs';

/** Whether the connection is PostgreSQL's own, or a pooler's, and which kind of pooling that is. */
export async function checkPooler(client: Client, url: string): Promise<Finding> {
  const other = new IMPATIENCE.Client({
    connectionString: url,
    application_name: 'seed-scheduler doctor',
    ...IMPATIENCE,
  });
  other.on('error', () => {});
  await other.connect();
  try {
    if (await isSessionShared(client, other)) {
      return warning('pooler', 'a pooler gives each transaction another session: LISTEN is not heard', ADVICE);
    }
    if (!(await hears(client, other))) {
      return warning('pooler', 'notifications do not arrive: wake-ups between replicas take up to a second', ADVICE);
    }
    const isDirect = await hasOwnSocket(client);
    return ok('pooler', isDirect ? 'none: connections are direct' : 'one, or address translation; sessions are kept');
  } finally {
    await other.end();
  }
}

async function hears(client: Client, other: Client): Promise<boolean> {
  await client.query('LISTEN seed_doctor');
  const heard = once(client, 'notification', { signal: AbortSignal.timeout(PATIENCE_MS) });
  await other.query('NOTIFY seed_doctor');
  const isHeard = await heard.then(
    () => true,
    () => false,
  );
  await client.query('UNLISTEN seed_doctor');
  return isHeard;
}

/** Whether PostgreSQL sees the port that this end has: through a pooler it sees the pooler's. */
async function hasOwnSocket(client: Client): Promise<boolean> {
  const { localPort } = (client as unknown as { connection: { stream: Socket } }).connection.stream;
  const { rows } = await client.query<{ port: number | null }>('SELECT inet_client_port() AS port');
  const seen = rows[0]?.port;
  // -1 on a socket of the file system.
  return seen === null || seen === -1 || seen === localPort;
}
