// The sink as a process of its own, started by sink.ts. Runs as it is on Node's own type stripping: Node modules only.
import { appendFileSync, closeSync, openSync, writeSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Behaviour, SinkMessage } from './sink.ts';

const MIB = 1024 * 1024;
const DRIP_INTERVAL_MS = 1_000;

const [logFile, key, certificate] = process.argv.slice(2);
const log = openSync(logFile, 'a');
const behaviours = new Map<string, Behaviour>();
const arrivalsOf = new Map<string, number>();
const requestsOn = new WeakMap<Socket, number>();
let count = 0;

/** On the disk before the answer: what a sink has seen must outlive whatever happens next. */
function write(line: object): void {
  writeSync(log, `${JSON.stringify(line)}\n`);
}

const take: RequestListener = (request, response) => {
  const { headers, url: path = '' } = request;
  if (isDropped(request.socket, behaviours.get(path)?.kept)) return;
  const n = count++;
  const at = Date.now();
  const delivery = headers['idempotency-key'] ?? '';
  write({
    n,
    at,
    path,
    delivery,
    scheduleId: headers['x-schedule-id'] ?? '',
    tick: headers['x-scheduled-for'] ?? '',
    attempt: Number(headers['x-attempt']),
  });
  const nth = arrivalsOf.get(`${path} ${delivery as string}`) ?? 0;
  arrivalsOf.set(`${path} ${delivery as string}`, nth + 1);
  const behaviour = behaviours.get(path) ?? {};
  request.resume().on('end', () => {
    const delayMs = pick(behaviour.delayMs, nth, 0);
    if (delayMs === 0) answer(n, nth, behaviour, request, response);
    else setTimeout(() => answer(n, nth, behaviour, request, response), delayMs);
  });
};

/** Ends the connection of a second request, where that is how they end. */
function isDropped(socket: Socket, kept: Behaviour['kept']): boolean {
  const nth = (requestsOn.get(socket) ?? 0) + 1;
  requestsOn.set(socket, nth);
  if (nth === 1 || typeof kept !== 'string') return false;
  if (kept === 'reset') socket.resetAndDestroy();
  else socket.destroy();
  return true;
}

/** The n-th of a list, whose last one stays. */
function pick(list: number | number[] | undefined, nth: number, otherwise: number): number {
  if (list === undefined) return otherwise;
  return typeof list === 'number' ? list : (list[Math.min(nth, list.length - 1)] ?? otherwise);
}

function answer(
  n: number,
  nth: number,
  behaviour: Behaviour,
  { socket }: IncomingMessage,
  response: ServerResponse,
): void {
  const { evil, kept, headers = {} } = behaviour;
  if (evil) return EVILS[evil](response);
  // Written out, so that Node.js does not announce how long it keeps the connection.
  if (kept !== undefined) response.setHeader('connection', 'keep-alive');
  // So that there is a second request.
  if (typeof kept === 'string') response.setHeader('keep-alive', 'timeout=60');
  if (typeof kept === 'number') response.once('finish', () => closeWhenIdle(socket, kept));
  const status = pick(behaviour.statuses, nth, 200);
  // A caller that is gone is given nothing.
  if (!socket.destroyed) write({ n, answered: status, answeredAt: Date.now() });
  response.writeHead(status, headers).end('ok');
}

function closeWhenIdle(socket: Socket, afterMs: number): void {
  const served = requestsOn.get(socket);
  setTimeout(() => {
    if (requestsOn.get(socket) === served) socket.destroy();
  }, afterMs);
}

const EVILS: Record<NonNullable<Behaviour['evil']>, (response: ServerResponse) => void> = {
  hang: () => {},
  drip: (response) => {
    response.writeHead(200, { 'content-length': '100000' });
    const timer = setInterval(() => response.write('x'), DRIP_INTERVAL_MS);
    response.once('close', () => clearInterval(timer));
  },
  endless: (response) => {
    response.writeHead(200);
    const chunk = Buffer.alloc(MIB / 16, 'x');
    const pour = () => {
      while (!response.destroyed && response.write(chunk)) {
        // as long as the other side takes it
      }
    };
    response.on('drain', pour);
    pour();
  },
  'gzip bomb': (response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipBomb());
  },
  reset: (response) => {
    response.socket?.resetAndDestroy();
  },
  malformed: (response) => {
    response.socket?.end('HTTP/9.9 two hundred\r\n\u0000\u0001: \r\n\r\n\r\n');
  },
  'huge headers': (response) => {
    response.socket?.end(`HTTP/1.1 200 OK\r\nx-huge: ${'x'.repeat(MIB)}\r\n\r\n`);
  },
};

let bomb: Buffer | null = null;
/** 256 MiB of zeros in 256 KiB. */
function gzipBomb(): Buffer {
  bomb ??= gzipSync(Buffer.alloc(256 * MIB), { level: 9 });
  return bomb;
}

function httpServer(): Server {
  const server = createServer(take);
  server.keepAliveTimeout = 60_000;
  return server;
}

function portOf(one: { address(): unknown }): number {
  return (one.address() as AddressInfo).port;
}

const server = httpServer();

process.on('message', ({ path, behaviour, port }: SinkMessage) => {
  behaviours.set(path, behaviour);
  if (port === 'shared') return process.send?.({ path, port: portOf(server) });
  const own = port === 'tls' ? createTlsServer({ key, cert: certificate }, take) : httpServer();
  own.listen(0, port === 'ipv6' ? '::1' : '127.0.0.1', () => process.send?.({ path, port: portOf(own) }));
});
process.on('disconnect', () => {
  closeSync(log);
  process.exit(0);
});
process.on('uncaughtException', (error) => {
  appendFileSync(`${logFile}.errors`, `${error.stack}\n`);
  process.exit(1);
});

server.listen(0, '127.0.0.1', () => process.send?.({ path: null }));
