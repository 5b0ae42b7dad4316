import { EventEmitter, once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Counts who comes. */
export interface Listeners extends AsyncDisposable {
  /** one and the same on every address */
  port: number;
  /** Connections so far, by the address they came to. None that was made before the call is overlooked. */
  connections(): Promise<Record<string, number>>;
  /** Bytes that came over all of them, once they are at their end. */
  bytes(): Promise<number>;
}

/**
 * TCP servers on several addresses of this machine, all on one port.
 *
 * @param answer what is done with each connection; nothing when not given
 */
export async function startListeners(addresses: string[], answer?: (socket: Socket) => void): Promise<Listeners> {
  const servers: Server[] = [];
  const arrivals: { address: string; remotePort?: number; socket: Socket; closed: Promise<void> }[] = [];
  const arrived = new EventEmitter();
  const probes = new Set<number>();
  let port = 0;
  let length = 0;
  for (const address of addresses) {
    const server = createServer((socket) => {
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      arrivals.push({ address, remotePort: socket.remotePort, socket, closed });
      socket.on('error', () => {});
      socket.on('data', (chunk) => (length += chunk.length));
      answer?.(socket);
      arrived.emit(String(socket.remotePort));
    });
    servers.push(server.listen(port, address));
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  }

  /** Servers take connections in their order: when they have taken this one, they have taken those before. */
  async function probe(address: string): Promise<void> {
    const socket = connect({ port, host: address, localAddress: address });
    await once(socket, 'connect');
    const localPort = socket.localPort as number;
    probes.add(localPort);
    if (!arrivals.some(({ remotePort }) => remotePort === localPort)) await once(arrived, String(localPort));
    socket.destroy();
  }

  async function strangers(): Promise<typeof arrivals> {
    for (const address of addresses) await probe(address);
    return arrivals.filter(({ remotePort = 0 }) => !probes.has(remotePort));
  }

  return {
    port,
    async connections() {
      const found = await strangers();
      const count = (address: string) => found.filter((arrival) => arrival.address === address).length;
      return Object.fromEntries(addresses.map((address) => [address, count(address)]));
    },
    async bytes() {
      await Promise.all((await strangers()).map(({ closed }) => closed));
      return length;
    },
    async [Symbol.asyncDispose]() {
      for (const { socket } of arrivals) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}
