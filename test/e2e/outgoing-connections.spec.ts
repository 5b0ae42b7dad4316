import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { AddressPolicy } from '../../src/outbound/address-policy.js';
import { SYSTEM_LOOKUP } from '../../src/outbound/host-addresses.js';
import { OutboundClient } from '../../src/outbound/outbound-client.js';
import type { ApiCall } from '../support/api.js';
import { aSchedule, startApp } from '../support/app.js';
import { CERTIFICATE } from '../support/certificate.js';
import { createDatabase } from '../support/database.js';
import { metricValue } from '../support/metrics.js';
import { startProcess } from '../support/process.js';
import { type ReceivedRequest, startReceiver } from '../support/receiver.js';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const HEADERS = { 'idempotency-key': 'a-key', 'x-attempt': '1', 'x-signature': 'signed once' };

function startClient() {
  const client = new OutboundClient(new AddressPolicy({ isLoopbackOpen: true, allow: [], deny: [] }), SYSTEM_LOOKUP);
  return {
    resent: 0,
    /** @returns the status, or the code of the error */
    send(url: string, { timeoutMs = 30_000, isOnce = false } = {}): Promise<unknown> {
      const onResent = isOnce ? undefined : () => void (this.resent += 1);
      return client
        .send({ method: 'POST', url, headers: HEADERS, body: '{}', timeoutMs, onResent })
        .then(({ status }) => status)
        .catch((error: NodeJS.ErrnoException) => error.code ?? error.name);
    },
    /** Sends one request after another. The connection of one is free for the next. */
    async sendAll(url: string, count: number): Promise<unknown[]> {
      const outcomes = [];
      for (let i = 0; i < count; i++) {
        outcomes.push(await this.send(url));
        await setImmediate();
      }
      return outcomes;
    },
    [Symbol.asyncDispose]: () => client.onApplicationShutdown(),
  };
}

const respond = ({ socket }: ReceivedRequest) => void socket.write(OK);
/** Serves the first request of each connection, and ends the connection at the second. */
const endAtSecond = (end: (socket: ReceivedRequest['socket']) => void) => (request: ReceivedRequest) => {
  if (request.nth === 1) respond(request);
  else end(request.socket);
};

describe('a request on a kept connection', () => {
  it.each([
    ['closed', (socket: ReceivedRequest['socket']) => void socket.end()],
    ['destroyed', (socket: ReceivedRequest['socket']) => void socket.destroy()],
    ['reset', (socket: ReceivedRequest['socket']) => void socket.resetAndDestroy()],
  ])('that turns out to be %s is sent again at once, over a new one, the same but for that', async (_, end) => {
    await using receiver = await startReceiver(endAtSecond(end));
    await using client = startClient();

    expect(await client.sendAll(`http://127.0.0.1:${receiver.port}/`, 2)).toEqual([200, 200]);

    const { requests } = receiver;
    expect(requests.map(({ connection, nth }) => [connection, nth])).toEqual([
      [1, 1],
      [1, 2],
      [2, 1],
    ]);
    expect(requests[2].text).toBe(requests[1].text.replace('connection: keep-alive', 'connection: close'));
    expect(client.resent).toBe(1);
  });

  it('is never sent again over another kept one, which may be closed too', async () => {
    const waiting: ReceivedRequest[] = [];
    await using receiver = await startReceiver((request) => {
      if (request.nth > 1) request.socket.destroy();
      else if (request.connection > 3) respond(request);
      else if (waiting.push(request) === 3) waiting.forEach(respond);
    });
    await using client = startClient();
    const url = `http://127.0.0.1:${receiver.port}/`;
    // Three at a time leave three kept connections.
    expect(await Promise.all([client.send(url), client.send(url), client.send(url)])).toEqual([200, 200, 200]);
    await setImmediate();

    expect(await client.send(url)).toBe(200);

    expect(receiver.requests.slice(3).map(({ connection, nth }) => [connection > 3, nth])).toEqual([
      [false, 2],
      [true, 1],
    ]);
  });

  it('is sent again once, and fails with the second one', async () => {
    await using receiver = await startReceiver((request) => {
      if (request.connection === 1 && request.nth === 1) respond(request);
      else request.socket.resetAndDestroy();
    });
    await using client = startClient();

    expect(await client.sendAll(`http://127.0.0.1:${receiver.port}/`, 2)).toEqual([200, 'ECONNRESET']);

    expect(receiver.requests).toHaveLength(3);
    expect(client.resent).toBe(1);
  });

  it.each([
    ['a byte of a response came', 'UND_ERR_SOCKET', (socket: ReceivedRequest['socket']) => socket.end('H')],
    [
      'an interim response came',
      'UND_ERR_SOCKET',
      (socket: ReceivedRequest['socket']) => socket.end('HTTP/1.1 102 Processing\r\n\r\n'),
    ],
    ['the response is not HTTP', 'HTTPParserError', (socket: ReceivedRequest['socket']) => socket.end('SSH-2.0')],
  ])('is not sent again when %s', async (_, error, end) => {
    await using receiver = await startReceiver(endAtSecond(end));
    await using client = startClient();

    expect(await client.sendAll(`http://127.0.0.1:${receiver.port}/`, 2)).toEqual([200, error]);

    expect(receiver.requests).toHaveLength(2);
  });

  it('is not sent again when nothing comes in time', async () => {
    await using receiver = await startReceiver(endAtSecond(() => {}));
    await using client = startClient();
    const url = `http://127.0.0.1:${receiver.port}/`;
    await client.sendAll(url, 1);

    expect(await client.send(url, { timeoutMs: 300 })).toBe('TimeoutError');
    await receiver.closed(1);

    expect(receiver.requests).toHaveLength(2);
  });

  it('is not sent again when its caller does not say that it may arrive twice', async () => {
    await using receiver = await startReceiver(endAtSecond((socket) => socket.resetAndDestroy()));
    await using client = startClient();
    const url = `http://127.0.0.1:${receiver.port}/`;
    await client.sendAll(url, 1);

    expect(await client.send(url, { isOnce: true })).toBe('ECONNRESET');

    expect(receiver.requests).toHaveLength(2);
  });

  it('has no more time for both than for one', async () => {
    await using receiver = await startReceiver((request) => {
      if (request.nth > 1) request.socket.destroy();
      else if (request.connection === 1) respond(request);
    });
    await using client = startClient();
    const url = `http://127.0.0.1:${receiver.port}/`;
    await client.sendAll(url, 1);

    expect(await client.send(url, { timeoutMs: 500 })).toBe('TimeoutError');
    await receiver.closed(2);

    expect(receiver.requests).toHaveLength(3);
  });
});

describe('a request on a new connection', () => {
  it.each([
    ['closed', 'UND_ERR_SOCKET', (socket: ReceivedRequest['socket']) => void socket.end()],
    ['reset', 'ECONNRESET', (socket: ReceivedRequest['socket']) => void socket.resetAndDestroy()],
  ])('that is %s is not sent again', async (_, error, end) => {
    await using receiver = await startReceiver(({ socket }) => end(socket));
    await using client = startClient();

    expect(await client.send(`http://127.0.0.1:${receiver.port}/`)).toBe(error);

    expect(receiver.requests).toHaveLength(1);
    expect(client.resent).toBe(0);
  });
});

describe('a kept connection', () => {
  it.each([
    ['closed', (socket: ReceivedRequest['socket']) => void socket.end(OK)],
    ['closed in HTTP/1.0', (socket: ReceivedRequest['socket']) => void socket.write(OK.replace('1.1', '1.0'))],
    [
      'said to be closed',
      (socket: ReceivedRequest['socket']) => void socket.write(OK.replace('content', 'connection: close\r\ncontent')),
    ],
    [
      'said to be kept for a second',
      (socket: ReceivedRequest['socket']) =>
        void socket.write(OK.replace('content', 'keep-alive: timeout=1\r\ncontent')),
    ],
  ])('that is %s after the response is not used again', async (_, answer) => {
    await using receiver = await startReceiver(({ socket }) => answer(socket));
    await using client = startClient();

    expect(await client.sendAll(`http://127.0.0.1:${receiver.port}/`, 3)).toEqual([200, 200, 200]);

    expect(receiver.requests.map(({ connection }) => connection)).toEqual([1, 2, 3]);
    expect(client.resent).toBe(0);
  });

  it.each([
    ['after 2 s, which it does not say', '', 2_000],
    ['after 2 s, as it says', 'keep-alive: timeout=2\r\n', 2_000],
    ['after 4 s, as it says', 'keep-alive: timeout=4, max=100\r\n', 4_000],
  ])('is closed before its receiver does %s', async (_, header, idleMs) => {
    const closings: string[] = [];
    await using receiver = await startReceiver(({ socket, nth }) => {
      socket.write(OK.replace('content', `${header}content`));
      socket.once('close', () => closings.push('by the client'));
      if (nth === 2) setTimeout(() => closings.push('by the receiver'), idleMs);
    });
    await using client = startClient();

    expect(await client.sendAll(`http://127.0.0.1:${receiver.port}/`, 2)).toEqual([200, 200]);
    await receiver.closed(1);

    expect(receiver.requests.map(({ connection }) => connection)).toEqual([1, 1]);
    expect(closings[0]).toBe('by the client');
  });
});

describe('a delivery that is sent again', () => {
  /** Keeps each connection for a minute, as it says, but for its second request. */
  const closeAtSecond = ({ nth, socket }: ReceivedRequest) => {
    if (nth === 1) socket.write(OK.replace('content', 'keep-alive: timeout=60\r\ncontent'));
    else socket.destroy();
  };

  /** The attempts of two deliveries in a row, once both have been delivered. */
  async function attemptsOfTwo(call: ApiCall, endpoint: string): Promise<unknown[]> {
    const { body } = await call('POST', '/api/v1/schedule/', aSchedule({ endpoint, frequency: 2 }));
    const path = `/api/v1/schedule/${body.id}/deliveries/`;
    let deliveries: { outcome: string; attempts: unknown[] }[] = [];
    const outcomes = async () => {
      deliveries = (await call('GET', path)).body.results;
      return deliveries.map(({ outcome }) => outcome);
    };
    await expect.poll(outcomes, { timeout: 30_000 }).toEqual(['delivered', 'delivered']);
    return deliveries.toReversed().map(({ attempts }) => attempts);
  }

  it('has one attempt, which says so and is a success for its receiver', async () => {
    await using receiver = await startReceiver(closeAtSecond);
    await using app = await startApp({ DELIVERY_MAX_ATTEMPTS: '1' });

    const attempts = await attemptsOfTwo(app.call, `http://127.0.0.1:${receiver.port}/`);

    expect(attempts).toMatchObject([
      [{ attempt: 1, status: 200, error: null, resent: false }],
      [{ attempt: 1, status: 200, error: null, resent: true }],
    ]);
    const [, second, again] = receiver.requests.map(({ text }) => text.split('\r\n'));
    expect(again).toEqual(second.map((line) => line.replace('keep-alive', 'close')));
    expect(second).toContain('x-attempt: 1');
    expect(await metricValue(app, 'seed_scheduler_resent_requests_total')).toBe(1);
    expect(await metricValue(app, 'seed_scheduler_attempts_total{class="2xx"}')).toBe(2);
    expect(await metricValue(app, 'seed_scheduler_attempts_total{class="connection_error"}')).toBeUndefined();
    expect(await app.database.query('SELECT failures_in_row FROM origins')).toEqual([{ failures_in_row: 0 }]);
  });

  it('goes over TLS again, whose own bytes are none of a response', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
    const NODE_EXTRA_CA_CERTS = join(folder, 'ca.pem');
    writeFileSync(NODE_EXTRA_CA_CERTS, CERTIFICATE.cert);
    // A TLS socket that is ended says so to the client before it closes.
    const endAtSecond = (request: ReceivedRequest) => {
      if (request.nth === 1) closeAtSecond(request);
      else request.socket.end();
    };
    await using receiver = await startReceiver(endAtSecond, { isTls: true });
    await using database = await createDatabase();
    await using service = await startProcess({ DATABASE_URL: database.url, NODE_EXTRA_CA_CERTS });

    const attempts = await attemptsOfTwo(service.call, `https://127.0.0.1:${receiver.port}/`);
    rmSync(folder, { recursive: true });

    expect(attempts).toMatchObject([[{ attempt: 1, resent: false }], [{ attempt: 1, resent: true }]]);
    expect(receiver.requests).toHaveLength(3);
  });
});
