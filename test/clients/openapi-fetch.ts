/** What a user of openapi-typescript and openapi-fetch writes. `./schema.js` is generated from the served document. */
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.js';

type Schedule = components['schemas']['ScheduleDto'];

const { BASE_URL: baseUrl = '', TOKEN: token = '' } = process.env;
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('no data');
  return value;
}

async function createWith(payload: unknown): Promise<Schedule> {
  const { data } = await client.POST('/api/v1/schedule', {
    body: { endpoint: 'https://app.example.org/hook', interval_definition: '1 days', payload },
  });
  return required(data);
}

async function pageFrom(offset: number): Promise<components['schemas']['SchedulePageDto']> {
  const { data } = await client.GET('/api/v1/schedule', { params: { query: { limit: 2, offset } } });
  return required(data);
}

/** Follows `next` from page to page. */
async function allSchedules(): Promise<Schedule[]> {
  const schedules: Schedule[] = [];
  for (let offset: number | null = 0; offset !== null;) {
    const { results, next } = await pageFrom(offset);
    schedules.push(...results);
    offset = next === null ? null : Number(new URL(next).searchParams.get('offset'));
  }
  return schedules;
}

// Compiled only. Each line must be refused, or the types accept anything.
export async function mistakes(): Promise<void> {
  // @ts-expect-error -- the endpoint is missing
  await client.POST('/api/v1/schedule', { body: { interval_definition: '1 days' } });
  // @ts-expect-error -- not one of the choices
  await client.POST('/api/v1/schedule', { body: { endpoint: 'https://a.example/', catch_up: 'sometimes' } });
  // @ts-expect-error -- no such filter
  await client.GET('/api/v1/schedule', { params: { query: { owner: 1 } } });
}

interface Order {
  order: number;
}
const order: Order = { order: 1 };
const payloads = [{ a: 1 }, order, [1, 'two', null], 'text', 3, false, null];
const created: Schedule[] = [];
for (const payload of payloads) created.push(await createWith(payload));
const first = required(created[0]);
const path = { id: first.id };

const listed = await allSchedules();
const patched = await client.PATCH('/api/v1/schedule/{id}', { params: { path }, body: { enabled: false } });
// The whole representation, sent back with a change.
const put = await client.PUT('/api/v1/schedule/{id}', { params: { path }, body: { ...first, frequency: 7 } });
const deliveries = await client.GET('/api/v1/schedule/{id}/deliveries', { params: { path } });
const removed = await client.DELETE('/api/v1/schedule/{id}', { params: { path } });

const missing = await client.GET('/api/v1/schedule/{id}', { params: { path } });
const invalid = await client.POST('/api/v1/schedule', { body: { endpoint: 'nowhere', interval_definition: '1 days' } });
const strict = await client.POST('/api/v1/schedule', {
  params: { header: { Prefer: 'handling=strict' } },
  body: { endpoint: 'https://a.example/', ...{ freqency: 1 } },
});
const stranger = createClient<paths>({ baseUrl });
const unknown = await stranger.GET('/api/v1/user');

const user = required((await client.POST('/api/v1/user/token', { body: { email: 'ann@example.org' } })).data);
const users = required((await client.GET('/api/v1/user')).data);
const ann = required(users.results.find(({ email }) => email === 'ann@example.org'));
const userPath = { id: ann.id };
const issued = await client.POST('/api/v1/user/{id}/token', { params: { path: userPath }, body: { label: 'reports' } });
const plain = await client.POST('/api/v1/user/{id}/token', { params: { path: userPath } });
const tokens = required((await client.GET('/api/v1/user/{id}/token', { params: { path: userPath } })).data);
const signing = await client.POST('/api/v1/user/{id}/signing-secret', { params: { path: userPath } });
const alive = await stranger.GET('/health/live');

const fieldErrors = invalid.error && !('detail' in invalid.error) ? invalid.error.endpoint : undefined;
const strictErrors = strict.error && !('detail' in strict.error) ? strict.error.freqency : undefined;
console.log(
  JSON.stringify({
    payloads: created.map(({ payload }) => payload),
    listed: listed.length,
    patched: patched.data?.enabled,
    put: [put.response.status, put.data?.frequency],
    deliveries: deliveries.data?.count,
    removed: removed.response.status,
    missing: missing.error?.detail,
    invalid: fieldErrors,
    strict: strictErrors,
    unknown: unknown.error?.detail,
    tokens: [user.token.length, issued.data?.token.length, plain.data?.label, tokens.results[1]?.label],
    signing: signing.data?.secret.slice(0, 6),
    alive: alive.data?.status,
  }),
);
