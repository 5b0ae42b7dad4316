import type { Reply } from './api.js';
import { aSchedule, type TestApp } from './app.js';

type Json = Reply['body'];

/** Somebody with a token, and what they may call the API with. */
export interface Person {
  id: number;
  url: string;
  call(method: string, path: string, body?: unknown): Promise<Reply>;
  /** Makes a schedule, which must succeed, and returns its representation. */
  creates(fields?: object): Promise<Json>;
}

/** A user who is in these groups. */
export async function aPerson(app: TestApp, name: string, groups: string[] = []): Promise<Person> {
  const email = `${name}@example.org`;
  const { token } = (await app.call('POST', '/api/v1/user/token/', { email })).body as { token: string };
  const [user] = await app.database.query<{ id: number }>('SELECT id FROM users WHERE email = $1', [email]);
  const id = user?.id ?? 0;
  await app.call('PUT', `/api/v1/user/${id}/`, { groups });
  return withToken(app, id, token);
}

export function withToken(app: TestApp, id: number, token: string): Person {
  const call: Person['call'] = (method, path, body) =>
    app.call(method, path, body, { authorization: `Token ${token}` });
  return {
    ...{ id, url: `${app.url}/api/v1/user/${id}/`, call },
    async creates(fields = {}) {
      const reply = await call('POST', '/api/v1/schedule/', aSchedule(fields));
      if (reply.status !== 201) throw new Error(`not created: ${reply.status} ${reply.text}`);
      return reply.body as unknown;
    },
  };
}

export async function aGroup(app: TestApp, name: string): Promise<string> {
  return (await app.call('POST', '/api/v1/group/', { name })).body.url as string;
}

/** Records that the last attempt of a delivery of the schedule has failed. @returns the failed task's id */
export async function failOnce(app: TestApp, scheduleId: string, tick = new Date()): Promise<number> {
  await app.database.query(
    `INSERT INTO attempts (schedule_id, scheduled_for, attempt, started_at, duration_ms, status, outcome, replica)
     VALUES ($1, $2, 6, now(), 5, 503, 'failed', 'test/1')`,
    [scheduleId, tick],
  );
  const [task] = await app.database.query<{ id: number }>(
    'INSERT INTO failed_tasks (schedule_id, scheduled_for, attempts, status) VALUES ($1, $2, 6, 503) RETURNING id',
    [scheduleId, tick],
  );
  return task?.id ?? 0;
}
