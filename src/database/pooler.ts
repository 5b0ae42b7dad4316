import type { Client } from 'pg';

/** A transaction of the other takes the session that this one had, if it is anybody's between transactions. */
export async function isSessionShared(client: Client, other: Client): Promise<boolean> {
  const before = await sessionOf(client);
  await other.query('BEGIN');
  const ofOther = await sessionOf(other);
  const after = await sessionOf(client);
  await other.query('ROLLBACK');
  return before !== after || ofOther === before;
}

async function sessionOf(client: Client): Promise<number | undefined> {
  return (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;
}
