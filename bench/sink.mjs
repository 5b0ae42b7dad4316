// Takes POSTs as fast as it can and remembers when each came. Writes its port to standard output.
import { createServer } from 'node:http';
import { performance } from 'node:perf_hooks';
import { percentile } from './numbers.mjs';

let arrivals = [];
let keys = new Set();
let duplicates = 0;

function take(headers) {
  const at = performance.timeOrigin + performance.now();
  const due = Date.parse(headers['x-scheduled-for'] ?? '');
  arrivals.push({ at, lateness: at - due });
  const key = headers['idempotency-key'];
  if (keys.has(key)) duplicates++;
  keys.add(key);
}

function stats() {
  const lateness = arrivals.map((arrival) => arrival.lateness).sort((a, b) => a - b);
  return {
    count: arrivals.length,
    first: arrivals[0]?.at ?? null,
    last: arrivals.at(-1)?.at ?? null,
    p50: percentile(lateness, 0.5),
    p99: percentile(lateness, 0.99),
    duplicates,
  };
}

function reset() {
  arrivals = [];
  keys = new Set();
  duplicates = 0;
}

const server = createServer((request, response) => {
  if (request.method === 'POST') {
    take(request.headers);
    request.resume().on('end', () => response.end('ok'));
  } else if (request.method === 'DELETE') {
    reset();
    response.end();
  } else {
    const answer = request.url === '/count' ? { count: arrivals.length } : stats();
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  }
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
