import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { AddressPolicy } from '../outbound/address-policy.js';
import { SYSTEM_LOOKUP } from '../outbound/host-addresses.js';
import { OutboundClient } from '../outbound/outbound-client.js';
import { classifyError } from './attempt-error.js';

/** What comes of a request to a server that does this with the connection. */
async function errorOf(answer: (socket: Socket) => void): Promise<string | null> {
  const policy = new AddressPolicy({ isLoopbackOpen: true, allow: [], deny: [] });
  const client = new OutboundClient(policy, SYSTEM_LOOKUP);
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => answer(socket));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  try {
    await client.send({ method: 'POST', url, headers: {}, body: '{}', timeoutMs: 1_000 });
    return null;
  } catch (error) {
    return classifyError(error).error;
  } finally {
    await client.onApplicationShutdown();
    server.close();
  }
}

describe('a request that cannot be written as HTTP', () => {
  it.each([
    ['a header with a line break', { url: 'http://127.0.0.1:9/', headers: { authorization: 'Token a\r\nb' } }],
    [
      'a header with a character beyond latin1',
      { url: 'http://127.0.0.1:9/', headers: { authorization: 'Token \u4e16' } },
    ],
    ['a URL that is none', { url: 'not a url', headers: {} }],
  ])('is an invalid request: %s', async (_, request) => {
    const policy = new AddressPolicy({ isLoopbackOpen: true, allow: [], deny: [] });
    const client = new OutboundClient(policy, SYSTEM_LOOKUP);
    const sent = client.send({ method: 'POST', body: '{}', timeoutMs: 1_000, ...request });
    const error = await sent.then(
      () => null,
      (thrown: unknown) => classifyError(thrown).error,
    );
    await client.onApplicationShutdown();
    expect(error).toBe('invalid_request');
  });
});

describe('whatever was thrown', () => {
  it.each<[unknown, string]>([
    [undefined, 'undefined'],
    [null, 'null'],
    ['text', 'text'],
    [{}, '[object Object]'],
    [new Error(''), 'Error'],
  ])('has a class and a message: %s', (thrown, message) => {
    expect(classifyError(thrown)).toEqual({ error: 'connection_error', message });
  });
});

describe('an attempt without an answer', () => {
  it('has a message that can be stored, whatever a receiver made the error say', () => {
    expect(classifyError(new Error(`not the host of CN=a\0b`)).message).toBe('not the host of CN=a\uFFFDb');
  });

  it.each([
    ['timeout', 'the server says nothing', () => {}],
    ['timeout', 'the headers do not end', (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n')],
    ['connection_error', 'the connection is reset', (socket: Socket) => socket.resetAndDestroy()],
    ['connection_error', 'the connection is closed', (socket: Socket) => socket.end()],
    ['protocol_error', 'the answer is not HTTP', (socket: Socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')],
    [
      'response_too_large',
      'the headers are huge',
      (socket: Socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}`),
    ],
  ])('is a %s when %s', async (error, _, answer) => {
    expect(await errorOf(answer)).toBe(error);
  });

  it('is none when the body breaks off after the status, or is longer than what is read', async () => {
    expect(await errorOf((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'))).toBeNull();
    const endless = 'HTTP/1.1 200 OK\r\ncontent-length: 999999\r\n\r\n' + 'x'.repeat(100_000);
    expect(await errorOf((socket) => socket.write(endless))).toBeNull();
  });
});
