import { lookup } from 'node:dns/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HealthCheckResult, HealthIndicatorResult } from '@nestjs/terminus';
import type { FastifyInstance, FastifyServerOptions } from 'fastify';
import { StartError } from './config/start-error.js';
import { REQUEST_LIMITS } from './http/request-limits.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const LIVE_PATHS = ['/health', '/health/', '/health/live', '/health/live/'];
const READY_PATHS = ['/health/ready', '/health/ready/'];
const STARTING = 'The service is starting.';
const RETRY_AFTER_SECONDS = 1;

/**
 * The HTTP server. It binds its port before anything else of the service starts, so that a process whose port is taken
 * has done nothing yet. Until `open` is called it answers probes itself: alive, not ready.
 */
export class Listener {
  private handler: Handler = answerWhileStarting;
  private application: Handler = answerWhileStarting;

  private constructor(
    private readonly server: Server,
    private readonly host: string,
    /** for the other addresses of `localhost` */
    private readonly others: Server[],
  ) {
    for (const one of [server, ...others]) one.on('request', (request, response) => this.handler(request, response));
  }

  /** @throws StartError when the address cannot be bound */
  static async bind(port: number, host: string): Promise<Listener> {
    const server = createServer(REQUEST_LIMITS.http);
    try {
      await listen(server, port, host);
    } catch (error) {
      throw new StartError(bindFailure(error as NodeJS.ErrnoException, port, host), { cause: error });
    }
    const others = host === 'localhost' ? await listenOnOtherAddresses(server, host) : [];
    return new Listener(server, host, others);
  }

  get url(): string {
    const { family, address, port } = this.server.address() as AddressInfo;
    if (address === '0.0.0.0') return `http://127.0.0.1:${port}`;
    return `http://${family === 'IPv6' ? `[${address === '::' ? '::1' : address}]` : address}:${port}`;
  }

  /** For Fastify, in place of a server that it makes itself: this one, with the limits that it would have had. */
  readonly serverFactory = (handler: Handler, options: FastifyServerOptions): Server => {
    this.application = handler;
    for (const one of [this.server, ...this.others]) {
      one.keepAliveTimeout = options.keepAliveTimeout ?? one.keepAliveTimeout;
      one.requestTimeout = options.requestTimeout ?? one.requestTimeout;
      if (one !== this.server) one.on('clientError', REQUEST_LIMITS.clientErrorHandler);
    }
    return this.server;
  };

  /** Fastify closes a server only if it has bound the port itself. */
  closeWith(fastify: FastifyInstance): void {
    fastify.addHook('preClose', (done) => {
      void this.close().then(() => done());
    });
  }

  /** The application is ready: from now on it answers. */
  open(): void {
    this.handler = this.application;
  }

  /** Takes no more connections, and resolves when the requests in flight are answered. */
  async close(): Promise<void> {
    const servers = [this.server, ...this.others].filter(({ listening }) => listening);
    await Promise.all(servers.map((one) => new Promise((resolve) => one.close(resolve))));
  }
}

function answerWhileStarting(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url?.split('?', 1)[0] ?? '';
  const isLive = LIVE_PATHS.includes(path);
  const body = isLive ? { status: 'ok' } : READY_PATHS.includes(path) ? notReady() : { detail: STARTING };
  response.writeHead(isLive ? 200 : 503, {
    'Content-Type': 'application/json; charset=utf-8',
    ...(!isLive && { 'Retry-After': RETRY_AFTER_SECONDS }),
  });
  response.end(JSON.stringify(body));
}

/** Returns the readiness in the form of @nestjs/terminus. */
function notReady(): HealthCheckResult {
  const details: HealthIndicatorResult = { process: { status: 'down', message: STARTING } };
  return { status: 'error', info: {}, error: details, details };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** `localhost` is 127.0.0.1 for some clients and ::1 for others. One that cannot be bound is left out. */
async function listenOnOtherAddresses(main: Server, host: string): Promise<Server[]> {
  const { address: bound, port } = main.address() as AddressInfo;
  const addresses = (await lookup(host, { all: true })).map(({ address }) => address);
  const servers: Server[] = [];
  for (const address of new Set(addresses.filter((one) => one !== bound))) {
    const server = createServer(REQUEST_LIMITS.http);
    await listen(server, port, address).then(
      () => servers.push(server),
      () => undefined,
    );
  }
  return servers;
}

function bindFailure({ code, message }: NodeJS.ErrnoException, port: number, host: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} of ${host} is in use: stop the program that listens there, or set PORT to another port.`;
    case 'EACCES':
      return `This account may not listen on port ${port}: set PORT to 1024 or higher, or grant the right to bind it.`;
    case 'EADDRNOTAVAIL':
      return `HOST ${host} is not an address of this machine: set HOST to one of its addresses, or to 0.0.0.0 for all.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The name ${host} in HOST cannot be resolved: set HOST to an IP address of this machine, or correct the name.`;
    default:
      return `HOST ${host} with PORT ${port} cannot be listened on (${message}): correct HOST or PORT.`;
  }
}
