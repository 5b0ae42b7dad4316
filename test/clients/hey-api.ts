/** What a user of @hey-api/openapi-ts writes. `./client/` is generated from the served document. */
import { client } from './client/client.gen.js';
import {
  createSchedule,
  createSigningSecret,
  createToken,
  createTokenByEmail,
  deleteSchedule,
  getLiveness,
  getSchedule,
  listDeliveries,
  listSchedules,
  listTokens,
  listUsers,
  putSchedule,
  updateSchedule,
} from './client/sdk.gen.js';
import type { ScheduleDto, SchedulePageDto } from './client/types.gen.js';

const { BASE_URL: baseUrl = '', TOKEN: token = '' } = process.env;
client.setConfig({ baseUrl, auth: token });

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('no data');
  return value;
}

async function createWith(payload: unknown): Promise<ScheduleDto> {
  const { data } = await createSchedule({
    body: { endpoint: 'https://app.example.org/hook', interval_definition: '1 days', payload },
  });
  return required(data);
}

async function pageFrom(offset: number): Promise<SchedulePageDto> {
  return required((await listSchedules({ query: { limit: 2, offset } })).data);
}

/** Follows `next` from page to page. */
async function allSchedules(): Promise<ScheduleDto[]> {
  const schedules: ScheduleDto[] = [];
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
  await createSchedule({ body: { interval_definition: '1 days' } });
  // @ts-expect-error -- not one of the choices
  await createSchedule({ body: { endpoint: 'https://a.example/', catch_up: 'sometimes' } });
  // @ts-expect-error -- no such filter
  await listSchedules({ query: { owner: 1 } });
}

interface Order {
  order: number;
}
const order: Order = { order: 1 };
const payloads = [{ a: 1 }, order, [1, 'two', null], 'text', 3, false, null];
const created: ScheduleDto[] = [];
for (const payload of payloads) created.push(await createWith(payload));
const first = required(created[0]);
const path = { id: first.id };

const listed = await allSchedules();
const patched = await updateSchedule({ path, body: { enabled: false } });
// The whole representation, sent back with a change.
const put = await putSchedule({ path, body: { ...first, frequency: 7 } });
const deliveries = await listDeliveries({ path });
const removed = await deleteSchedule({ path });

const missing = await getSchedule({ path });
const invalid = await createSchedule({ body: { endpoint: 'nowhere', interval_definition: '1 days' } });
const strict = await createSchedule({
  headers: { Prefer: 'handling=strict' },
  body: { endpoint: 'https://a.example/', ...{ freqency: 1 } },
});
const unknown = await listUsers({ auth: () => undefined });

const user = required((await createTokenByEmail({ body: { email: 'ann@example.org' } })).data);
const users = required((await listUsers()).data);
const ann = required(users.results.find(({ email }) => email === 'ann@example.org'));
const userPath = { id: ann.id };
const issued = await createToken({ path: userPath, body: { label: 'reports' } });
const plain = await createToken({ path: userPath });
const tokens = required((await listTokens({ path: userPath })).data);
const signing = await createSigningSecret({ path: userPath });
const alive = await getLiveness();

const fieldErrors = invalid.error && !('detail' in invalid.error) ? invalid.error.endpoint : undefined;
const strictErrors = strict.error && !('detail' in strict.error) ? strict.error.freqency : undefined;
console.log(
  JSON.stringify({
    payloads: created.map(({ payload }) => payload),
    listed: listed.length,
    patched: patched.data?.enabled,
    put: [put.response?.status, put.data?.frequency],
    deliveries: deliveries.data?.count,
    removed: removed.response?.status,
    missing: missing.error?.detail,
    invalid: fieldErrors,
    strict: strictErrors,
    unknown: unknown.error?.detail,
    tokens: [user.token.length, issued.data?.token.length, plain.data?.label, tokens.results[1]?.label],
    signing: signing.data?.secret.slice(0, 6),
    alive: alive.data?.status,
  }),
);
