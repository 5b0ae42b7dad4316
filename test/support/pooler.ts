import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Client } from 'pg';
import type { TestDatabase } from './database.js';

const TYPE_BYTES = 1;
const LENGTH_BYTES = 4;

export interface Pooler extends AsyncDisposable {
  url: string;
  /** The sessions with PostgreSQL end, and new ones are opened: they have the defaults of now. */
  renewSessions(): void;
}

interface Session {
  socket: Socket;
  user: PooledClient | null;
  /** ReadyForQuery messages that are still to come */
  pending: number;
}

interface PooledClient {
  socket: Socket;
  waiting: Buffer[];
}

/** Pools as PgBouncer does in transaction mode: whoever begins a transaction gets the first session that is free. */
export async function startPooler(database: TestDatabase): Promise<Pooler> {
  let sessions: Promise<Session[]> | null = null;
  const clients = new Set<PooledClient>();

  const serve = async (client: PooledClient): Promise<void> => {
    sessions ??= Promise.all([openSession(database.url, release), openSession(database.url, release)]);
    const all = await sessions;
    const session = all.find(({ user }) => user === client) ?? all.find(({ user }) => user === null);
    if (!session || client.waiting.length === 0) return;
    session.user = client;
    for (const message of client.waiting.splice(0)) {
      if (['Q', 'S'].includes(typeOf(message))) session.pending += 1;
      session.socket.write(message);
    }
  };
  const release = (session: Session): void => {
    session.user = null;
    for (const client of clients) void serve(client);
  };

  const server = createServer((socket) => {
    const client: PooledClient = { socket, waiting: [] };
    clients.add(client);
    socket.on('error', () => undefined).on('close', () => clients.delete(client));
    socket.once('data', () => {
      socket.write(Buffer.concat([message('R', [0, 0, 0, 0]), message('Z', ['I'.charCodeAt(0)])]));
      eachMessage(socket, (received) => {
        if (typeOf(received) === 'X') return socket.end();
        client.waiting.push(received);
        void serve(client);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(database.url);
  url.port = String((server.address() as AddressInfo).port);
  const renewSessions = (): void => {
    void sessions?.then((all) => all.forEach(({ socket }) => socket.destroy()));
    sessions = null;
  };
  return {
    url: url.href,
    renewSessions,
    async [Symbol.asyncDispose]() {
      renewSessions();
      for (const { socket } of clients) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A session whose messages go to whoever uses it. The password is shown by a client, which then lets go of its socket. */
async function openSession(url: string, onIdle: (session: Session) => void): Promise<Session> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  stream.removeAllListeners('data').removeAllListeners('end');
  const session: Session = { socket: stream, user: null, pending: 0 };
  eachMessage(stream, (received) => {
    session.user?.socket.write(received);
    if (typeOf(received) !== 'Z') return;
    session.pending -= 1;
    if (session.pending === 0 && received.at(-1) === 'I'.charCodeAt(0)) onIdle(session);
  });
  return session;
}

function eachMessage(socket: Socket, use: (message: Buffer) => void): void {
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= TYPE_BYTES + LENGTH_BYTES) {
      const length = TYPE_BYTES + rest.readInt32BE(TYPE_BYTES);
      if (rest.length < length) return;
      use(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  });
}

function message(type: string, content: number[]): Buffer {
  const header = Buffer.alloc(TYPE_BYTES + LENGTH_BYTES, type);
  header.writeInt32BE(LENGTH_BYTES + content.length, TYPE_BYTES);
  return Buffer.concat([header, Buffer.from(content)]);
}

function typeOf(received: Buffer): string {
  return String.fromCharCode(received[0]);
}
