import { createSocket } from 'node:dgram';
import { type LookupAddress, promises as dns } from 'node:dns';
import { once } from 'node:events';
import type { LookupFunction } from 'node:net';
import { decode, encode, type Answer } from 'dns-packet';

export interface NameServer extends AsyncDisposable {
  /** What a name's addresses are from now on: one list for each look-up, and the last one stays. */
  answers(name: string, ...lists: string[][]): void;
  /** how often a name was looked up */
  lookups(name: string): number;
  /** Asks this server. */
  lookup: LookupFunction;
}

/** A DNS server, over UDP, whose answers are good for no time at all, and a look-up that asks it. */
export async function startNameServer(): Promise<NameServer> {
  const lists = new Map<string, string[][]>();
  const counts = new Map<string, number>();
  const socket = createSocket('udp4');
  socket.on('message', (message, { port, address }) => {
    const { id, questions } = decode(message);
    const [{ name, type }] = questions ?? [];
    const found = lists.get(name);
    const current = found?.[0] ?? [];
    const isIPv6 = type === 'AAAA';
    // The two questions of a look-up get the same list; the second one ends it.
    if (isIPv6) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
      if (found && found.length > 1) found.shift();
    }
    const answers = current
      .filter((one) => one.includes(':') === isIPv6)
      .map((data): Answer => ({ type: isIPv6 ? 'AAAA' : 'A', name, ttl: 0, data }));
    socket.send(encode({ type: 'response', id, questions, answers }), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const resolver = new dns.Resolver();
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return {
    answers: (name, ...next) => void lists.set(name, next),
    lookups: (name) => counts.get(name) ?? 0,
    lookup: (name, options, callback) => {
      void lookUp(resolver, name).then(
        (found) => (options.all ? callback(null, found) : callback(null, found[0].address, found[0].family)),
        (error: NodeJS.ErrnoException) => callback(error, []),
      );
    },
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

async function lookUp(resolver: dns.Resolver, name: string): Promise<LookupAddress[]> {
  const ipv4 = await resolver.resolve4(name).catch(() => []);
  const ipv6 = await resolver.resolve6(name).catch(() => []);
  const found = [
    ...ipv4.map((address) => ({ address, family: 4 })),
    ...ipv6.map((address) => ({ address, family: 6 })),
  ];
  if (found.length === 0) throw Object.assign(new Error(`no such name: ${name}`), { code: 'ENOTFOUND' });
  return found;
}
