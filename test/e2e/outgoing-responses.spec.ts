import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { classifyError } from '../../src/deliveries/attempt-error.js';
import { AddressPolicy } from '../../src/outbound/address-policy.js';
import { SYSTEM_LOOKUP } from '../../src/outbound/host-addresses.js';
import { OutboundClient } from '../../src/outbound/outbound-client.js';
import { aSchedule, startApp } from '../support/app.js';
import { startReceiver } from '../support/receiver.js';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const HINTS = 'HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n';

/** What comes of requests to a receiver that does this with each. */
async function outcomesOf(respond: (socket: Socket) => void, { timeoutMs = 30_000, count = 1 } = {}) {
  await using receiver = await startReceiver(({ socket }) => respond(socket));
  const client = new OutboundClient(new AddressPolicy({ isLoopbackOpen: true, allow: [], deny: [] }), SYSTEM_LOOKUP);
  const url = `http://127.0.0.1:${receiver.port}/`;
  const outcomes: unknown[] = [];
  try {
    for (let i = 0; i < count; i++) {
      const { status, body } = await client.send({ method: 'POST', url, headers: {}, body: '{}', timeoutMs });
      outcomes.push([status, body.toString()]);
      // The connection is free for the next one after that.
      await nextTurn();
    }
  } catch (error) {
    outcomes.push(classifyError(error).error);
  } finally {
    await client.onApplicationShutdown();
  }
  return { outcomes, connections: new Set(receiver.requests.map(({ connection }) => connection)).size };
}

describe('an interim response', () => {
  it.each([
    ['100', CONTINUE],
    ['102', 'HTTP/1.1 102 Processing\r\n\r\n'],
    ['103', HINTS],
    ['100 with headers', 'HTTP/1.1 100 Continue\r\ncontent-length: 5\r\nconnection: close\r\n\r\n'],
    ['one without a meaning', 'HTTP/1.1 199 \r\n\r\n'],
    ['many', HINTS + CONTINUE.repeat(200) + HINTS],
  ])('is skipped: %s', async (_, interim) => {
    const { outcomes, connections } = await outcomesOf((socket) => socket.write(interim + OK), { count: 2 });

    expect(outcomes).toEqual([
      [200, 'ok'],
      [200, 'ok'],
    ]);
    expect(connections).toBe(1);
  });

  it('is skipped byte by byte', async () => {
    const { outcomes } = await outcomesOf((socket) => {
      const bytes = [...(CONTINUE + HINTS + OK)];
      const writeNext = () => {
        const byte = bytes.shift();
        if (byte !== undefined) socket.write(byte, () => setImmediate(writeNext));
      };
      writeNext();
    });

    expect(outcomes).toEqual([[200, 'ok']]);
  });

  it.each([
    ['timeout', 'nothing follows', (socket: Socket) => socket.write(CONTINUE)],
    ['connection_error', 'the connection ends', (socket: Socket) => socket.end(CONTINUE)],
    [
      'protocol_error',
      'it switches protocols unasked',
      (socket: Socket) =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'),
    ],
    ['protocol_error', 'it switches to nothing', (socket: Socket) => socket.write(`HTTP/1.1 101 \r\n\r\n${OK}`)],
    ['response_too_large', 'they do not end', (socket: Socket) => socket.write(HINTS.repeat(1_000))],
    [
      'response_too_large',
      'its headers do not end',
      (socket: Socket) => socket.write(`HTTP/1.1 103 \r\nx: ${'y'.repeat(20_000)}`),
    ],
  ])('is a %s when %s', async (error, _, respond) => {
    expect((await outcomesOf(respond, { timeoutMs: 1_000 })).outcomes).toEqual([error]);
  });
});

describe('the status of a response', () => {
  const chunked = (status: string) => `HTTP/1.1 ${status}\r\ntransfer-encoding: chunked\r\n\r\n`;
  const sized = (status: string) => `HTTP/1.1 ${status}\r\ncontent-length: 99\r\n\r\n`;

  it.each([
    ['does not come', '', (socket: Socket) => socket.write(sized('200 OK'))],
    ['stalls', 'half', (socket: Socket) => socket.write(`${chunked('200 OK')}4\r\nhalf\r\n`)],
    ['comes a byte at a time', /^x+$/, drip],
    ['is shorter than it says', 'half', (socket: Socket) => socket.end(`${sized('200 OK')}half`)],
    ['ends with a reset', '', (socket: Socket) => socket.write(sized('200 OK'), () => socket.resetAndDestroy())],
    ['is malformed', '', (socket: Socket) => socket.write(`${chunked('200 OK')}not a length\r\n`)],
    ['is malformed later', 'half', (socket: Socket) => socket.write(`${chunked('200 OK')}4\r\nhalfway off\r\n`)],
  ])('decides when the body %s', async (_, body, respond) => {
    const { outcomes } = await outcomesOf(respond);

    expect(outcomes).toEqual([[200, typeof body === 'string' ? body : expect.stringMatching(body)]]);
  });

  it.each([
    [204, 'HTTP/1.1 204 No Content\r\ncontent-length: 99\r\n\r\n'],
    [410, sized('410 Gone')],
    [503, `${sized('503 Service Unavailable')}half`],
  ])('decides for %i too', async (status, text) => {
    const { outcomes } = await outcomesOf((socket) => socket.write(text));

    expect(outcomes).toEqual([[status, expect.any(String)]]);
  });

  it('decides when the time of the attempt is over before that of the body', async () => {
    const { outcomes } = await outcomesOf((socket) => socket.write(sized('200 OK')), { timeoutMs: 300 });

    expect(outcomes).toEqual([[200, '']]);
  });

  it('delivers, keeps what came of the body, and closes the connection', async () => {
    await using receiver = await startReceiver(({ socket }) => void socket.write(`${chunked('200 OK')}4\r\nhalf\r\n`));
    await using app = await startApp();
    const endpoint = `http://127.0.0.1:${receiver.port}/`;
    const { id } = await app.creates(aSchedule({ endpoint, frequency: 1 }));

    const path = `/api/v1/schedule/${id}/deliveries/`;
    const { results } = await app.eventually(path, ({ results: [first] }) => first?.outcome === 'delivered');
    await receiver.closed(1);

    expect(results[0].attempts).toMatchObject([{ attempt: 1, status: 200, error: null, response: 'half' }]);
    expect(receiver.requests).toHaveLength(1);
  });
});

function drip(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n');
  const timer = setInterval(() => socket.write('x'), 20);
  socket.once('close', () => clearInterval(timer));
}
