import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiCall } from '../support/api.js';
import { aSchedule, startApp } from '../support/app.js';
import { CERTIFICATE } from '../support/certificate.js';
import { createDatabase } from '../support/database.js';
import { startProcess } from '../support/process.js';
import { startSink } from '../support/sink.js';

const KIB = 1024;

interface Endpoint extends AsyncDisposable {
  port: number;
}

async function listening(server: Server & { closeAllConnections(): void }, host = '127.0.0.1'): Promise<Endpoint> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What becomes of a schedule's first delivery. */
async function firstAttempt(call: ApiCall, endpoint: string): Promise<unknown> {
  const { status, text, body } = await call('POST', '/api/v1/schedule/', aSchedule({ endpoint, frequency: 1 }));
  if (status !== 201) throw new Error(`not created: ${text}`);
  let attempts: unknown[] = [];
  const path = `/api/v1/schedule/${body.id}/deliveries/`;
  await expect
    .poll(async () => (attempts = ((await call('GET', path)).body.results[0]?.attempts ?? []) as unknown[]), {
      timeout: 20_000,
    })
    .not.toEqual([]);
  return attempts[0];
}

describe('a delivery over TLS', () => {
  let folder: string;
  let NODE_EXTRA_CA_CERTS: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'certificates-'));
    NODE_EXTRA_CA_CERTS = join(folder, 'ca.pem');
    writeFileSync(NODE_EXTRA_CA_CERTS, CERTIFICATE.cert);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('names its host, speaks HTTP/1.1, and trusts an authority of NODE_EXTRA_CA_CERTS; not for another host', async () => {
    const seen: unknown[] = [];
    const server = createServer({ ...CERTIFICATE, ALPNProtocols: ['h2', 'http/1.1'] }, (request, response) => {
      const socket = request.socket as TLSSocket;
      seen.push([socket.servername, socket.alpnProtocol, socket.getProtocol()]);
      response.end();
    });
    await using endpoint = await listening(server, '0.0.0.0');
    await using database = await createDatabase();
    await using service = await startProcess({ DATABASE_URL: database.url, NODE_EXTRA_CA_CERTS });

    expect(await firstAttempt(service.call, `https://localhost:${endpoint.port}/`)).toMatchObject({ status: 200 });
    expect(await firstAttempt(service.call, `https://localhost.:${endpoint.port}/`)).toMatchObject({ status: 200 });
    expect(await firstAttempt(service.call, `https://127.0.0.1:${endpoint.port}/`)).toMatchObject({ status: 200 });
    expect(await firstAttempt(service.call, `https://127.0.0.2:${endpoint.port}/`)).toMatchObject({
      error: 'tls_error',
    });

    expect(seen).toEqual([
      ['localhost', 'http/1.1', 'TLSv1.3'],
      // without the dot (RFC 6066)
      ['localhost', 'http/1.1', 'TLSv1.3'],
      [false, 'http/1.1', 'TLSv1.3'],
    ]);
  });

  it('is not made to an endpoint that nobody vouches for, or that speaks TLS 1.1, whatever Node.js is told', async () => {
    const take = (_: IncomingMessage, response: ServerResponse) => response.end();
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await using modern = await listening(createServer(CERTIFICATE, take));
    await using outdated = await listening(createServer({ ...CERTIFICATE, ...old }, take));
    await using database = await createDatabase();
    const DATABASE_URL = database.url;

    const careless = await startProcess({ DATABASE_URL, NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    const unknown = await firstAttempt(careless.call, `https://localhost:${modern.port}/`);
    await careless.end('SIGTERM');
    const NODE_OPTIONS = '--tls-min-v1.0 --tls-cipher-list=DEFAULT@SECLEVEL=0';
    await using lenient = await startProcess({ DATABASE_URL, NODE_EXTRA_CA_CERTS, NODE_OPTIONS });
    const weak = await firstAttempt(lenient.call, `https://localhost:${outdated.port}/`);

    expect(unknown).toMatchObject({ status: null, error: 'tls_error' });
    expect(weak).toMatchObject({ status: null, error: 'tls_error' });
  });
});

describe('an answer', () => {
  it('of more than 16 KiB is read no further, the connection closed, and a KiB of it kept', async () => {
    let sent = 0;
    let close: (value: unknown) => void;
    const closed = new Promise((resolve) => (close = resolve));
    const server = createHttpServer((_, response) => {
      response.once('close', close);
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(64 * KIB))) sent += 64 * KIB;
      };
      response.on('drain', more);
      more();
    });
    await using endpoint = await listening(server);
    await using app = await startApp();

    const attempt = await firstAttempt(app.call, `http://127.0.0.1:${endpoint.port}/`);
    await closed;

    expect(attempt).toMatchObject({ status: 200, error: null, response: 'x'.repeat(KIB) });
    // What fits into the buffers of two sockets, and no end of it.
    expect(sent).toBeLessThan(32 * KIB * KIB);
  });

  it('with headers of more than 16 KiB is none', async () => {
    const header = (length: number) => ({ status: 200, headers: { x: 'y'.repeat(length) }, body: 'ok' });
    await using small = await startSink([header(15 * KIB)]);
    await using large = await startSink([header(17 * KIB)]);
    await using app = await startApp();

    expect(await firstAttempt(app.call, small.url)).toMatchObject({ status: 200, response: 'ok' });
    expect(await firstAttempt(app.call, large.url)).toMatchObject({ status: null, error: 'response_too_large' });
  });

  it('is asked for uncompressed, and not decompressed all the same', async () => {
    const compressed = gzipSync(Buffer.alloc(KIB * KIB, 'bomb'));
    const encodings: unknown[] = [];
    const server = createHttpServer((request, response) => {
      encodings.push(request.headers['accept-encoding']);
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(compressed);
    });
    await using endpoint = await listening(server);
    await using app = await startApp();

    const attempt = (await firstAttempt(app.call, `http://127.0.0.1:${endpoint.port}/`)) as { response: string };

    expect(encodings).toEqual(['identity']);
    expect(attempt.response.startsWith('\u001f')).toBe(true);
    expect(attempt.response).not.toContain('bomb');
  });
});
