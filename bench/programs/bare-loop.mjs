// What this machine can do at best: the client of the service, with its options and headers, and nothing around it.
// Arguments: URL, count, in flight. Ends when all are sent; the sink knows when they came.
import { randomUUID } from 'node:crypto';
import { Agent } from 'undici';
import { inFlight } from '../in-flight.mjs';

const [url, count, atOnce] = [new URL(process.argv[2]), Number(process.argv[3]), Number(process.argv[4])];
const agent = new Agent({ connect: { timeout: 5_000 }, keepAliveTimeout: 4_000, pipelining: 1 });
const scheduledFor = new Date().toISOString();

async function post(path) {
  const { statusCode, body } = await agent.request({
    origin: url.origin,
    path,
    method: 'POST',
    headers: {
      'accept-encoding': 'identity',
      'content-type': 'application/json',
      'user-agent': 'seed-scheduler/bench',
      'idempotency-key': randomUUID(),
      'x-schedule-id': '00000000-0000-7000-8000-000000000000',
      'x-scheduled-for': scheduledFor,
      'x-attempt': '1',
    },
    body: '{"hello":"world"}',
    headersTimeout: 30_000,
    bodyTimeout: 30_000,
  });
  await body.arrayBuffer();
  if (statusCode !== 200) throw new Error(`the sink answered ${statusCode}`);
}

// The limit is what the machine can do once it is warm; all others are measured from their first POST on.
await inFlight(Math.ceil(count / 10), atOnce, () => post('/warm-up'));
await inFlight(count, atOnce, () => post(url.pathname));
await agent.close();
