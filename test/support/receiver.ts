import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { CERTIFICATE } from './certificate.js';

/** One request as its receiver saw it. */
export interface ReceivedRequest {
  /** all of it, headers and body */
  text: string;
  /** number of its connection, from 1 */
  connection: number;
  /** number of the request on its connection, from 1 */
  nth: number;
  socket: Socket;
}

export interface Receiver extends AsyncDisposable {
  port: number;
  requests: ReceivedRequest[];
  /** Resolves when the connection of this number, from 1, is closed. */
  closed(connection: number): Promise<void>;
}

interface ReceiverOptions {
  host?: string;
  isTls?: boolean;
}

/**
 * A server that does with each request what it is told, down to the bytes. Requests are told apart by their arrival, so
 * it is for clients that send one at a time.
 */
export async function startReceiver(
  take: (request: ReceivedRequest) => void,
  { host = '127.0.0.1', isTls = false }: ReceiverOptions = {},
): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  const sockets: Socket[] = [];
  const accept = (socket: Socket) => {
    const connection = sockets.push(socket);
    let nth = 0;
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (end < 0 || text.length < end + 4 + length) return;
      const request = { text, connection, nth: (nth += 1), socket };
      text = '';
      requests.push(request);
      take(request);
    });
  };
  const server = isTls ? createTlsServer(CERTIFICATE, accept) : createServer(accept);
  server.on('tlsClientError', () => {});
  server.listen(0, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    async closed(connection) {
      const socket = sockets[connection - 1];
      if (!socket.closed) await once(socket, 'close');
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
