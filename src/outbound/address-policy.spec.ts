import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { egressRanges } from '../config/egress.js';
import { AddressPolicy } from './address-policy.js';

const policyOf = ({ allow = '', deny = '', isLoopbackOpen = false } = {}) => {
  const ranges = (text: string) => egressRanges(text.split(',').filter(Boolean));
  return new AddressPolicy({ isLoopbackOpen, allow: ranges(allow), deny: ranges(deny) });
};
const EVERYTHING = '0.0.0.0/0,::/0,loopback,private';

// The first and the last address of each, and their neighbours that are not in it.
const ALWAYS_REFUSED: [string, string[], string[]][] = [
  ['this network', ['0.0.0.0', '0.255.255.255'], ['1.0.0.0']],
  ['link-local', ['169.254.0.0', '169.254.169.254', '169.254.255.255'], ['169.253.255.255', '169.255.0.0']],
  ['protocol assignments', ['192.0.0.0', '192.0.0.192', '192.0.0.255'], ['191.255.255.255', '192.0.1.0']],
  ['documentation', ['192.0.2.0', '192.0.2.255'], ['192.0.3.0']],
  ['6to4 relays', ['192.88.99.0', '192.88.99.255'], ['192.88.98.255', '192.88.100.0']],
  ['benchmarking', ['198.18.0.0', '198.19.255.255'], ['198.17.255.255', '198.20.0.0']],
  ['more documentation', ['198.51.100.0', '203.0.113.255'], ['198.51.99.255', '203.0.114.0']],
  ['multicast, reserved and broadcast', ['224.0.0.0', '240.0.0.0', '255.255.255.255'], ['223.255.255.255']],
  ['services of Azure', ['168.63.129.16'], ['168.63.129.15', '168.63.129.17']],
  ['metadata of Alibaba Cloud', ['100.100.100.200'], ['100.100.100.199', '100.100.100.201']],
  ['unspecified', ['::'], []],
  ['discarded', ['100::', '100::1', '100:0:0:1::1'], []],
  ['IPv6 link-local and site-local', ['fe80::', 'fe80::1%eth0', 'febf:ffff::1', 'fec0::1'], []],
  ['IPv6 multicast', ['ff00::', 'ff02::1', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'], []],
  ['IPv6 protocol assignments', ['2001:2::1', '2001:10::1', '2001:1ff:ffff::'], ['2001:200::', '2000:ffff::1']],
  [
    'IPv6 documentation',
    ['2001:db8::', '2001:db8:ffff::1', '3fff:fff::1'],
    ['2001:db7::1', '2001:db9::', '3fff:1000::'],
  ],
  ['metadata over IPv6', ['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254'], ['fd00:ec1::254', 'fd20:ce::253']],
  [
    'beyond what is in use of IPv6',
    ['::1:0:0:0', '1fff::1', '4000::', '5f00::1', 'fbff::'],
    ['2000::', '2606:4700::1111'],
  ],
];

describe('the address policy', () => {
  it.each(ALWAYS_REFUSED)('refuses %s whatever the settings permit, and nothing beside', (_, refused, neighbours) => {
    for (const policy of [policyOf(), policyOf({ allow: EVERYTHING, isLoopbackOpen: true })]) {
      expect(refused.filter((address) => policy.permits(address))).toEqual([]);
      expect(neighbours.filter((address) => !policy.permits(address))).toEqual([]);
    }
  });

  it('permits the internet', () => {
    const addresses = [
      '1.1.1.1',
      '8.8.8.8',
      '172.15.255.255',
      '172.32.0.0',
      '192.169.0.0',
      '2606:4700::1111',
      '2a00::1',
    ];
    expect(addresses.filter((address) => !policyOf().permits(address))).toEqual([]);
  });

  it('refuses loopback unless it is open or permitted', () => {
    const loopback = ['127.0.0.0', '127.0.0.1', '127.255.255.255', '::1'];
    expect(loopback.filter((address) => policyOf().permits(address))).toEqual([]);
    expect(loopback.filter((address) => policyOf({ allow: '0.0.0.0/0,::/0' }).permits(address))).toEqual([]);
    expect(loopback.filter((address) => !policyOf({ isLoopbackOpen: true }).permits(address))).toEqual([]);
    expect(loopback.filter((address) => !policyOf({ allow: 'loopback' }).permits(address))).toEqual([]);
    expect(loopback.filter((address) => !policyOf({ allow: '127.0.0.0/8,::1' }).permits(address))).toEqual([]);
    expect(loopback.filter((address) => policyOf({ allow: '127.0.0.1' }).permits(address))).toEqual(['127.0.0.1']);
    expect(policyOf({ isLoopbackOpen: true, deny: '127.0.0.1' }).permits('127.0.0.1')).toBe(false);
  });

  it('permits private networks until they are closed', () => {
    const ends = [
      ...['10.0.0.0', '10.255.255.255', '172.16.0.0', '172.31.255.255', '192.168.0.0', '192.168.255.255'],
      ...['100.64.0.0', '100.127.255.255', 'fc00::', 'fdff:ffff::1'],
    ];
    expect(ends.filter((address) => !policyOf().permits(address))).toEqual([]);
    expect(ends.filter((address) => policyOf({ deny: 'private' }).permits(address))).toEqual([]);
    expect(policyOf({ deny: 'private' }).permits('100.128.0.0')).toBe(true);
  });

  it('lets the narrowest entry decide, and the refusal of two alike', () => {
    const policy = policyOf({
      deny: 'private,10.20.30.0/24,10.9.0.0/16',
      allow: '10.20.0.0/16,10.20.30.40,10.9.0.0/16',
    });
    const permitted = ['10.20.1.1', '10.20.30.40', '11.0.0.1'];
    expect(permitted.filter((address) => !policy.permits(address))).toEqual([]);
    expect(['10.1.1.1', '10.20.30.41', '10.9.1.1'].filter((address) => policy.permits(address))).toEqual([]);
  });

  it('can permit a list and nothing else', () => {
    const policy = policyOf({ deny: '0.0.0.0/0,::/0', allow: '10.0.0.0/8,2a00:1::/32' });
    expect(['10.0.0.1', '2a00:1::1'].map((address) => policy.permits(address))).toEqual([true, true]);
    expect(['1.1.1.1', '2a00:2::1', 'fd00::1', '192.168.0.1'].filter((address) => policy.permits(address))).toEqual([]);
  });

  it('refuses what is not an address', () => {
    const others = ['', 'example.org', '127.1', '0x7f.0.0.1', '010.0.0.1', '1.1.1.1.', '1.1.1.1/8', '[::1]', '2606::%'];
    expect(others.filter((address) => policyOf({ allow: EVERYTHING }).permits(address))).toEqual([]);
  });
});

const hex = (bytes: number[]) => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
const groups = (digits: string) => digits.match(/.{4}/g)?.join(':') ?? '';
/** The ways in which an IPv6 address can carry an IPv4 one. */
const EMBEDDINGS: [string, (v4: number[]) => string][] = [
  ['IPv4-mapped', (v4) => `::ffff:${v4.join('.')}`],
  ['IPv4-mapped in hexadecimal', (v4) => `::ffff:${groups(hex(v4))}`],
  ['IPv4-mapped at full length', (v4) => `0000:0000:0000:0000:0000:ffff:${groups(hex(v4))}`],
  ['IPv4-compatible', (v4) => `::${v4.join('.')}`],
  ['IPv4-translated', (v4) => `::ffff:0:${v4.join('.')}`],
  ['NAT64', (v4) => `64:ff9b::${v4.join('.')}`],
  ['NAT64 of a local prefix of 96 bits', (v4) => `64:ff9b:1:aaaa:0:bbbb:${groups(hex(v4))}`],
  ['NAT64 of a local prefix of 48 bits', ([a, b, c, d]) => groups(`0064ff9b0001${hex([a, b, 0, c, d])}0808080808`)],
  ['NAT64 of a local prefix of 56 bits', ([a, b, c, d]) => groups(`0064ff9b0001aa${hex([a, 0, b, c, d])}08080808`)],
  ['NAT64 of a local prefix of 64 bits', ([a, b, c, d]) => groups(`0064ff9b0001aaaa00${hex([a, b, c, d])}080808`)],
  ['6to4', (v4) => `2002:${groups(hex(v4))}:1::1`],
  ['Teredo', (v4) => `2001:0:4136:e378:8000:63bf:${groups(hex(v4.map((byte) => byte ^ 0xff)))}`],
  ['Teredo by its server', (v4) => `2001:0:${groups(hex(v4))}:8000:63bf:f7f7:f7f7`],
  ['ISATAP', (v4) => `2a00::5efe:${v4.join('.')}`],
  ['ISATAP of a global address', (v4) => `2a00::200:5efe:${v4.join('.')}`],
];
const byte = fc.integer({ min: 0, max: 255 });
const IN_REFUSED_RANGE: fc.Arbitrary<number[]> = fc.oneof(
  fc.tuple(fc.constant(127), byte, byte, byte),
  fc.tuple(fc.constant(169), fc.constant(254), byte, byte),
  fc.tuple(fc.constant(10), byte, byte, byte),
  fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), byte, byte),
  fc.tuple(fc.constant(192), fc.constant(168), byte, byte),
  fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), byte, byte),
  fc.tuple(fc.constant(198), fc.constantFrom(18, 19), byte, byte),
  fc.tuple(fc.integer({ min: 224, max: 255 }), byte, byte, byte),
  fc.constant<number[]>([168, 63, 129, 16]),
);

describe.each(EMBEDDINGS)('an %s form', (_, spell) => {
  const policy = policyOf({ deny: 'private' });

  it('of a refused IPv4 address is refused', () => {
    fc.assert(
      fc.property(IN_REFUSED_RANGE, (v4) => {
        expect(policy.permits(v4.join('.'))).toBe(false);
        expect(policy.permits(spell(v4))).toBe(false);
        expect(policy.refusesHost(new URL(`http://[${spell(v4)}]/`).hostname)).toBe(true);
      }),
    );
  });

  it('of a permitted one is permitted', () => {
    expect(policy.permits(spell([8, 8, 4, 4]))).toBe(true);
  });
});

describe('the host of a URL', () => {
  it.each([
    ...['localhost', 'LOCALHOST', 'localhost.', 'a.localhost', 'a.b.localhost.', '127.0.0.1', '[::1]', '[fe80::1]'],
  ])('%s is known to be refused without a look-up', (host) => {
    expect(policyOf().refusesHost(new URL(`http://${host}/`).hostname)).toBe(true);
  });

  it('may be any other name, and loopback where that is permitted', () => {
    const names = ['example.org', 'localhost.example.org', 'notlocalhost', '127.0.0.1.example.org'];
    expect(names.filter((name) => policyOf().refusesHost(name))).toEqual([]);
    const policy = policyOf({ allow: '127.0.0.1' });
    expect(['localhost', '127.0.0.1', '127.0.0.2'].map((host) => policy.refusesHost(host))).toEqual([
      false,
      false,
      true,
    ]);
  });
});
