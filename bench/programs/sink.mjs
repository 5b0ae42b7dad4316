// Takes POSTs as fast as it can and remembers when each came, apart for each path.
// Arguments: number of ports, milliseconds that an answer takes. Writes its ports to standard output, as JSON.
//   POST /hook       200
//   POST /unwilling  503 with a Retry-After of an hour, three times of four; then 200, so that no circuit breaker opens
//   GET /count, GET /stats?every=<n>, DELETE   of a path, by ?path=
import { createServer } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers';
import { summary } from '../numbers.mjs';

const [ports, delayMs] = [Number(process.argv[2] ?? 1), Number(process.argv[3] ?? 0)];
const series = new Map();

function seriesOf(path) {
  if (!series.has(path)) series.set(path, { arrivals: [], lateness: [], keys: new Set(), duplicates: 0 });
  return series.get(path);
}

function take(path, headers) {
  const at = performance.timeOrigin + performance.now();
  const taken = seriesOf(path);
  taken.arrivals.push(at);
  taken.lateness.push(at - Date.parse(headers['x-scheduled-for'] ?? ''));
  const key = headers['idempotency-key'];
  if (taken.keys.has(key)) taken.duplicates++;
  taken.keys.add(key);
  return taken.arrivals.length;
}

/** `marks` are the instants of the first arrival, of every n-th one after that, and of the last. */
function statsOf(path, every) {
  const { arrivals, lateness, duplicates } = seriesOf(path);
  const marks = arrivals.filter((_, index) => every > 0 && (index % every === 0 || index === arrivals.length - 1));
  const at = (share) => arrivals[Math.floor((arrivals.length - 1) * share)] ?? null;
  const middle = (0.8 * (arrivals.length - 1)) / ((at(0.9) - at(0.1)) / 1000);
  return {
    count: arrivals.length,
    first: arrivals[0] ?? null,
    last: arrivals.at(-1) ?? null,
    perSecond: (arrivals.length - 1) / ((arrivals.at(-1) - arrivals[0]) / 1000),
    /** of the arrivals between the first and the last tenth: without the start and the tail */
    middlePerSecond: middle,
    lateness: summary(lateness),
    duplicates,
    marks,
  };
}

function answerPost(path, request, response) {
  const count = take(path, request.headers);
  const isRefused = path === '/unwilling' && count % 4 !== 0;
  const end = () => {
    if (isRefused) response.writeHead(503, { 'retry-after': '3600' });
    response.end(isRefused ? 'later' : 'ok');
  };
  request.resume().on('end', delayMs > 0 ? () => setTimeout(end, delayMs) : end);
}

function answer(request, response) {
  if (request.method === 'POST') return answerPost(request.url, request, response);
  const url = new URL(request.url, 'http://sink');
  const path = url.searchParams.get('path') ?? '/hook';
  if (request.method === 'DELETE') {
    series.delete(path);
    return response.end();
  }
  const isCount = url.pathname === '/count';
  const body = isCount
    ? { count: seriesOf(path).arrivals.length }
    : statsOf(path, Number(url.searchParams.get('every')));
  response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
}

const listening = Array.from({ length: ports }, async () => {
  const server = createServer(answer);
  server.keepAliveTimeout = 60_000;
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server.address().port;
});
console.log(JSON.stringify(await Promise.all(listening)));
