import { once } from 'node:events';
import { type AddressInfo, connect, createServer, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Dial, raceConnections } from './connection-race.js';

const server = createServer();
let port: number;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(() => server.close());

/** Addresses by what they do. `late` connects when the next one has been dialled. */
const BEHAVIOURS: Record<string, (dialled: Promise<unknown>) => Socket> = {
  accepts: () => connect(port, '127.0.0.1'),
  refuses: () => connect(port, '127.0.0.3'),
  silent: () => new Socket(),
  late: (dialled) => {
    const socket = new Socket();
    void dialled.then(() => socket.connect(port, '127.0.0.1'));
    return socket;
  },
  unreachable: () => failing('ENETUNREACH'),
  'times out': () => failing('ETIMEDOUT'),
};

function failing(code: string): Socket {
  const socket = new Socket();
  setImmediate(() => socket.destroy(Object.assign(new Error(`connect ${code}`), { code })));
  return socket;
}

interface Outcome {
  winner: string | undefined;
  error: NodeJS.ErrnoException | null;
  dialled: string[];
  /** whether each of them is closed */
  closed: boolean[];
}

/** The race of addresses with these behaviours, until it is over. */
async function raceOf(addresses: string[]): Promise<Outcome> {
  const sockets: Socket[] = [];
  const dialled: string[] = [];
  const notices = addresses.map(() => Promise.withResolvers<void>());
  const dial: Dial = (address) => {
    const n = dialled.push(address) - 1;
    notices[n].resolve();
    sockets.push(BEHAVIOURS[address](notices[n + 1]?.promise ?? Promise.resolve()));
    return sockets[n];
  };
  return new Promise((resolve) => {
    raceConnections(addresses, dial, (error, winner) => {
      const closed = sockets.map(({ destroyed }) => destroyed);
      resolve({ winner: winner ? dialled[sockets.indexOf(winner)] : undefined, error, dialled, closed });
      winner?.destroy();
    });
  });
}

describe('a race of connections', () => {
  it('dials one address while that is all it needs', async () => {
    expect(await raceOf(['accepts', 'silent'])).toMatchObject({ winner: 'accepts', dialled: ['accepts'] });
  });

  it.each([
    [['refuses', 'accepts']],
    [['unreachable', 'refuses', 'times out', 'accepts']],
    [['silent', 'accepts']],
    [['silent', 'refuses', 'silent', 'accepts']],
  ])('goes on until an address accepts: %s', async (addresses) => {
    const outcome = await raceOf(addresses);

    expect(outcome).toMatchObject({ winner: 'accepts', dialled: addresses });
    expect(outcome.closed).toEqual(addresses.map((address) => address !== 'accepts'));
  });

  it('does not give up an address that is slow', async () => {
    expect(await raceOf(['late', 'silent'])).toMatchObject({
      winner: 'late',
      dialled: ['late', 'silent'],
      closed: [false, true],
    });
  });

  it.each([
    ['ECONNREFUSED', ['unreachable', 'refuses', 'times out']],
    ['ETIMEDOUT', ['unreachable', 'times out']],
    ['ENETUNREACH', ['unreachable', 'unreachable']],
  ])('that fails everywhere says %s, and what each address said', async (code, addresses) => {
    const { error } = await raceOf(addresses);

    expect(error?.code).toBe(code);
    expect(error?.message.startsWith(`connect ${code}`)).toBe(true);
    expect(error?.message.split(', ')).toHaveLength(addresses.length);
  });

  it('tries 32 addresses at most', async () => {
    expect((await raceOf(Array.from({ length: 40 }, () => 'unreachable'))).dialled).toHaveLength(32);
  });

  it('ends when it is cancelled, and says nothing', async () => {
    const sockets: Socket[] = [];
    const outcomes: unknown[] = [];
    const dial = () => sockets[sockets.push(connect(port, '127.0.0.1')) - 1];

    const cancel = raceConnections(['a', 'b'], dial, (...outcome) => outcomes.push(outcome));
    cancel();
    await once(sockets[0], 'close');

    expect(sockets).toHaveLength(1);
    expect(outcomes).toEqual([]);
  });
});
