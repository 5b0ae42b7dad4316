import { setImmediate } from 'node:timers/promises';
import { connect, type LookupFunction, Socket } from 'node:net';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { egressRanges } from '../../src/config/egress.js';
import { AddressPolicy } from '../../src/outbound/address-policy.js';
import { guardedConnector } from '../../src/outbound/guarded-connector.js';
import { SYSTEM_LOOKUP } from '../../src/outbound/host-addresses.js';
import { OutboundClient } from '../../src/outbound/outbound-client.js';
import { type Listeners, startListeners } from '../support/listeners.js';
import { startReceiver } from '../support/receiver.js';
import { type NameServer, startNameServer } from '../support/name-server.js';

const REFUSED = { name: 'AddressRefusedError', message: 'This address is not permitted.' };
/** Stands for the internet: what the policy permits here, and nobody else may mind. */
const PERMITTED = '127.0.0.2';
const NAMES_OF_LOCALHOST = ['localhost', 'localhost.', 'LocalHost', 'a.b.localhost', 'a.localhost.'];
const NO_CONTENT = 'HTTP/1.1 204 No Content\r\n\r\n';

function answers(text: string): (socket: Socket) => void {
  return (socket) => socket.on('data', () => socket.write(text));
}

function policyOf(allow: string[] = [PERMITTED]): AddressPolicy {
  return new AddressPolicy({ isLoopbackOpen: false, allow: egressRanges(allow), deny: [] });
}

interface TestClient extends AsyncDisposable {
  send(url: string, timeoutMs?: number): ReturnType<OutboundClient['send']>;
}

function startClient(lookup: LookupFunction = SYSTEM_LOOKUP, policy = policyOf()): TestClient {
  const client = new OutboundClient(policy, lookup);
  return {
    send: (url, timeoutMs = 10_000) => client.send({ method: 'POST', url, headers: {}, body: '{}', timeoutMs }),
    [Symbol.asyncDispose]: () => client.onApplicationShutdown(),
  };
}

let local: Listeners;
let names: NameServer;
beforeAll(async () => {
  local = await startListeners(['127.0.0.1', '::1']);
  names = await startNameServer();
});
afterAll(async () => {
  await local[Symbol.asyncDispose]();
  await names[Symbol.asyncDispose]();
});

const NOBODY = { '127.0.0.1': 0, '::1': 0 };

const SPELLINGS = [
  // decimal, octal, hexadecimal, short, mixed
  ...[
    '127.0.0.1',
    '2130706433',
    '017700000001',
    '0177.0.0.1',
    '0x7f000001',
    '0x7f.0.0.1',
    '0x7f.1',
    '127.1',
    '127.0.1',
  ],
  ...['0177.0x0.0.01', '0x7F.0.0x0.1', '00000177.0.0.1', '127.0.0.1.', '%31%32%37.0.0.1', '127.255.255.254'],
  ...['0', '0.0.0.0', '0x0', '00.0', '[::]', '[0:0:0:0:0:0:0:0]'],
  // full-width and circled digits, ideographic and other full stops, soft hyphens
  ...['１２７.０.０.１', '①②⑦.⓪.⓪.①', '127。0。0。1', '127．0．0．1', '127｡1', '0ｘ7f.1', '12\u00ad7.0.0.1'],
  ...[
    'localhost',
    'LOCALHOST',
    'localhost.',
    'a.localhost',
    'a.localhost.',
    'ｌｏｃａｌｈｏｓｔ',
    'loc\u00adalhost',
    'ⓛocalhost',
  ],
  ...['[::1]', '[0:0:0:0:0:0:0:1]', '[0000::0001]', '[::0.0.0.1]'],
  // IPv4-mapped, -compatible and -translated
  ...['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[0:0:0:0:0:FFFF:7F00:0001]', '[::127.0.0.1]', '[::7f00:1]'],
  ...['[::ffff:0:127.0.0.1]', '[::ffff:169.254.169.254]', '[::ffff:a9fe:a9fe]', '[::169.254.169.254]'],
  // NAT64, 6to4, Teredo, ISATAP
  ...['[64:ff9b::127.0.0.1]', '[64:ff9b::a9fe:a9fe]', '[64:ff9b:1::7f00:1]', '[64:ff9b:1:a9fe:a9:fe00::]'],
  ...['[2002:7f00:1::]', '[2002:a9fe:a9fe::1]', '[2001:0:4136:e378:8000:63bf:80ff:fffe]', '[2001:0:7f00:1::f7f7:f7f7]'],
  ...['[2a00::5efe:127.0.0.1]', '[2a00::200:5efe:a9fe:a9fe]'],
  // link-local and metadata, multicast, reserved, documentation
  ...[
    '169.254.169.254',
    '169.254.0.1',
    '0xa9fea9fe',
    '2852039166',
    '0251.0376.0251.0376',
    '[fe80::1]',
    '[fe80::a9fe:a9fe]',
  ],
  ...['168.63.129.16', '100.100.100.200', '192.0.0.192', '[fd00:ec2::254]', '[fd20:ce::254]'],
  ...['224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', '[ff02::1]', '192.0.2.1', '198.18.0.1'],
  ...['198.51.100.1', '203.0.113.1', '192.88.99.1', '[2001:db8::1]', '[3fff::1]', '[fec0::1]', '[100::1]', '[5f00::1]'],
];

describe('a URL to a refused address', () => {
  it.each(SPELLINGS)('%s is not connected to, by http or https', async (host) => {
    await using client = startClient();

    for (const scheme of ['http', 'https']) {
      await expect(client.send(`${scheme}://${host}:${local.port}/`)).rejects.toMatchObject(REFUSED);
    }

    expect(await local.connections()).toEqual(NOBODY);
  });

  it.each([
    ...['fe80::1%25eth0', 'fe80::1%eth0', '::1%25lo', '::ffff:127.0.0.1%251', '127.0.0.1'].map((host) => `[${host}]`),
    ...[
      '256.0.0.1',
      '127.0.0.0.1',
      '0x100000000',
      '08.0.0.1',
      '127.0.0.1.0x',
      '127.0.0.1／a.test',
      '１２７.０.０.２５６',
    ],
  ])('%s is none', async (host) => {
    await using client = startClient();

    await expect(client.send(`http://${host}:${local.port}/`)).rejects.toMatchObject({ code: 'ERR_INVALID_URL' });

    expect(await local.connections()).toEqual(NOBODY);
  });

  it.each(['user@127.0.0.2', 'user:password@127.0.0.2', ':password@127.0.0.2', '127.0.0.2@127.0.0.1', 'a@b@127.0.0.2'])(
    'may not have a user name: %s',
    async (host) => {
      await using permitted = await startListeners([PERMITTED]);
      await using client = startClient();

      await expect(client.send(`http://${host}:${permitted.port}/`)).rejects.toMatchObject(REFUSED);

      expect(await permitted.connections()).toEqual({ [PERMITTED]: 0 });
    },
  );

  it.each(['ftp://127.0.0.2/', 'file:///etc/passwd', 'ws://127.0.0.2/', 'data:text/plain,a', 'javascript:1'])(
    'is http or https, not %s',
    async (url) => {
      await using client = startClient();
      await expect(client.send(url)).rejects.toMatchObject(REFUSED);
    },
  );
});

describe('a URL with port 0', () => {
  it('is not sent to port 80', async () => {
    await using client = startClient();
    const failure = await client.send(`http://${PERMITTED}:0/`).then(String, (error: Error) => error.message);
    expect(failure).toMatch(/ECONNREFUSED|EADDRNOTAVAIL/);
    expect(failure).not.toContain(':80');
  });
});

describe('a name', () => {
  it.each([
    [['127.0.0.1']],
    [['::1']],
    [['::ffff:127.0.0.1']],
    [['64:ff9b::7f00:1']],
    [['2002:7f00:1::']],
    [['169.254.169.254']],
    [['fe80::1']],
    [['127.0.0.1', '::1']],
  ])('that is %s is refused, and none of the addresses connected to', async (addresses) => {
    names.answers('evil.test', addresses);
    await using client = startClient(names.lookup);

    for (const scheme of ['http', 'https']) {
      await expect(client.send(`${scheme}://evil.test:${local.port}/`)).rejects.toMatchObject(REFUSED);
    }

    expect(await local.connections()).toEqual(NOBODY);
  });

  it.each([
    // Nobody listens at the permitted one, so that the other would be dialled next.
    [[PERMITTED, '127.0.0.1']],
    [['127.0.0.1', PERMITTED]],
    [[PERMITTED, '::1']],
    [['::1', '127.0.0.1', PERMITTED, '::ffff:127.0.0.1']],
  ])('that is %s is tried at the permitted address only', async (addresses) => {
    names.answers('mixed.test', addresses);
    await using client = startClient(names.lookup);

    for (const scheme of ['http', 'https']) {
      await expect(client.send(`${scheme}://mixed.test:${local.port}/`)).rejects.toMatchObject({
        code: 'ECONNREFUSED',
        message: `connect ECONNREFUSED ${PERMITTED}:${local.port}`,
      });
    }

    expect(await local.connections()).toEqual(NOBODY);
  });

  it('is judged anew for each connection, by the very addresses that are dialled', async () => {
    await using permitted = await startListeners(
      [PERMITTED, '127.0.0.1'],
      answers('HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n'),
    );
    names.answers('rebinding.test', [PERMITTED], ['127.0.0.1'], [PERMITTED], ['127.0.0.1']);
    await using client = startClient(names.lookup);
    const url = `http://rebinding.test:${permitted.port}/`;
    const before = names.lookups('rebinding.test');

    const outcomes = [];
    for (let i = 0; i < 4; i++) outcomes.push(await client.send(url).then(({ status }) => status, String));

    const refused = 'AddressRefusedError: This address is not permitted.';
    expect(outcomes).toEqual([204, refused, 204, refused]);
    expect(await permitted.connections()).toEqual({ [PERMITTED]: 2, '127.0.0.1': 0 });
    expect(names.lookups('rebinding.test') - before).toBe(4);
  });

  it('is not judged again on a connection that is kept alive, which stays where it is', async () => {
    await using permitted = await startListeners(
      [PERMITTED, '127.0.0.1'],
      answers('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'),
    );
    names.answers('kept.test', [PERMITTED], ['127.0.0.1']);
    await using client = startClient(names.lookup);

    for (let i = 0; i < 5; i++) {
      expect((await client.send(`http://kept.test:${permitted.port}/`)).status).toBe(200);
      // The connection is free again when the event that brought the answer has been dealt with.
      await setImmediate();
    }

    expect(await permitted.connections()).toEqual({ [PERMITTED]: 1, '127.0.0.1': 0 });
    expect(names.lookups('kept.test')).toBe(1);
  });

  it('that does not exist is a failed look-up, not a refusal', async () => {
    await using client = startClient(names.lookup);
    await expect(client.send('http://nowhere.test/')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });
});

describe('localhost', () => {
  const OPEN = policyOf(['loopback']);

  it.each(['127.0.0.1', '::1'].flatMap((address) => NAMES_OF_LOCALHOST.map((name) => [address, name])))(
    'is reached on %s alone, as %s',
    async (host, name) => {
      await using receiver = await startReceiver(({ socket }) => socket.write(NO_CONTENT), { host });
      await using client = startClient(names.lookup, OPEN);

      expect((await client.send(`http://${name}:${receiver.port}/`)).status).toBe(204);

      // As the URL has it (RFC 9110, section 7.2).
      expect(receiver.requests[0].text).toContain(`\r\nhost: ${name.toLowerCase()}:${receiver.port}\r\n`);
    },
  );

  it('is tried at the permitted one of its addresses only', async () => {
    await using client = startClient(SYSTEM_LOOKUP, policyOf(['::1']));
    await using receiver = await startListeners(['127.0.0.1']);

    await expect(client.send(`http://localhost:${receiver.port}/`)).rejects.toMatchObject({
      code: 'ECONNREFUSED',
      message: `connect ECONNREFUSED ::1:${receiver.port}`,
    });

    expect(await receiver.connections()).toEqual({ '127.0.0.1': 0 });
  });

  it('names both addresses when nobody listens', async () => {
    await using client = startClient(SYSTEM_LOOKUP, OPEN);
    const { port } = await startReceiver(() => {}).then(async (closed) => {
      await closed[Symbol.asyncDispose]();
      return closed;
    });

    await expect(client.send(`http://localhost:${port}/`)).rejects.toMatchObject({
      code: 'ECONNREFUSED',
      message: `connect ECONNREFUSED 127.0.0.1:${port}, connect ECONNREFUSED ::1:${port}`,
    });
  });
});

describe('a name with several addresses', () => {
  it.each([[['127.0.0.3', PERMITTED]], [['127.0.0.3', '127.0.0.4', PERMITTED]], [['::1', '127.0.0.3', PERMITTED]]])(
    'is reached when the first ones refuse: %s',
    async (addresses) => {
      await using receiver = await startReceiver(({ socket }) => socket.write(NO_CONTENT), { host: PERMITTED });
      names.answers('several.test', addresses);
      await using client = startClient(names.lookup, policyOf(['loopback']));

      expect((await client.send(`http://several.test:${receiver.port}/`)).status).toBe(204);
    },
  );

  it('is given up in time, with all that was dialled, when none of them says anything', async () => {
    const sockets: Socket[] = [];
    const dial = () => sockets[sockets.push(new Socket()) - 1];
    names.answers('silent.test', [PERMITTED, '127.0.0.3', '127.0.0.4']);
    const options = { lookup: names.lookup, timeoutMs: 800, dial };
    const agent = new Agent({ connect: guardedConnector(policyOf(['loopback']), options) });

    await expect(request('http://silent.test/', { dispatcher: agent })).rejects.toMatchObject({
      code: 'UND_ERR_CONNECT_TIMEOUT',
      message: 'no connection within 800 ms',
    });

    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, true, true]);
  });
});

describe('a connection', () => {
  it.each(['http', 'https'])('that ended elsewhere gets no byte over %s', async (scheme) => {
    await using elsewhere = await startListeners(['127.0.0.1']);
    const sockets: Socket[] = [];
    // Whatever was asked for, this is where it leads.
    const dial = () => {
      sockets.push(connect(elsewhere.port, '127.0.0.1'));
      return sockets[0];
    };
    names.answers('good.test', [PERMITTED]);
    const options = { lookup: names.lookup, timeoutMs: 5_000, dial };
    const agent = new Agent({ connect: guardedConnector(policyOf(), options) });

    await expect(request(`${scheme}://good.test/`, { dispatcher: agent })).rejects.toMatchObject(REFUSED);

    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true]);
    expect(await elsewhere.connections()).toEqual({ '127.0.0.1': 1 });
    expect(await elsewhere.bytes()).toBe(0);
  });

  it('takes at most 5 s, the TLS handshake included', async () => {
    await using silent = await startListeners([PERMITTED]);
    await using client = startClient();
    const start = performance.now();

    const attempt = client.send(`https://${PERMITTED}:${silent.port}/`, 30_000);

    await expect(attempt).rejects.toMatchObject({ code: 'UND_ERR_CONNECT_TIMEOUT' });
    expect(performance.now() - start).toBeLessThan(6_000);
    expect(await silent.bytes()).toBeGreaterThan(0);
  });
});

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('by %i is an answer and is not followed', async (status) => {
    await using redirecting = await startListeners(
      [PERMITTED],
      answers(`HTTP/1.1 ${status} Go\r\nlocation: http://127.0.0.1:${local.port}/\r\ncontent-length: 0\r\n\r\n`),
    );
    await using client = startClient();

    expect((await client.send(`http://${PERMITTED}:${redirecting.port}/`)).status).toBe(status);

    expect(await redirecting.connections()).toEqual({ [PERMITTED]: 1 });
    expect(await local.connections()).toEqual(NOBODY);
  });
});
