import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Arrival {
  at: number;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
  /** answers with the value of this header of the request */
  echoes?: string;
  /** never answers */
  hangs?: boolean;
}

export interface Sink extends AsyncDisposable {
  url: string;
  port: number;
  arrivals: Arrival[];
  /** Resolves with the first `count` arrivals, as soon as there are so many. */
  received(count: number, timeoutMs?: number): Promise<Arrival[]>;
  /** What is answered from now on, one after another; the last one stays. */
  answer(...answers: (number | Answer)[]): void;
}

/** A real HTTP server that takes the POSTs and remembers them. */
export async function startSink(answers: (number | Answer)[] = [200], port = 0): Promise<Sink> {
  const arrivals: Arrival[] = [];
  let queue = [...answers];
  let notify: (() => void)[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    const at = Date.now();
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      arrivals.push({ at, path: request.url ?? '', headers: request.headers, body });
      respond(request, response, (queue.length > 1 ? queue.shift() : queue[0]) ?? 200);
      for (const wake of notify) wake();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}/hook`,
    port: address.port,
    arrivals,
    answer: (...next) => (queue = [...next]),
    received: (count, timeoutMs = 30_000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`${arrivals.length} of ${count} arrivals within ${timeoutMs} ms`)),
          timeoutMs,
        );
        const check = () => {
          if (arrivals.length < count) return;
          clearTimeout(timer);
          notify = notify.filter((other) => other !== check);
          resolve(arrivals.slice(0, count));
        };
        notify.push(check);
        check();
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function respond(request: IncomingMessage, response: ServerResponse, given: number | Answer): void {
  const answer: Answer = typeof given === 'number' ? { status: given } : given;
  const { status, headers = {}, echoes } = answer;
  if (answer.hangs) return;
  const body = echoes ? String(request.headers[echoes]) : (answer.body ?? 'ok');
  response.writeHead(status, headers).end(body);
}
