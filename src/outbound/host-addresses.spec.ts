import { ADDRCONFIG } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { describe, expect, it } from 'vitest';
import { AddressPolicy } from './address-policy.js';
import { AddressRefusedError } from './address-refused.error.js';
import { permittedAddresses } from './host-addresses.js';

const POLICY = new AddressPolicy({ isLoopbackOpen: true, allow: [], deny: [] });

/** @returns the addresses of a host, or the error, and the names that were looked up */
async function addressesOf(hostname: string, found: string[] | Error = []) {
  const asked: unknown[] = [];
  const lookup: LookupFunction = (name, options, callback) => {
    asked.push([name, options]);
    if (found instanceof Error) callback(found, []);
    else
      callback(
        null,
        found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
  };
  const addresses = await new Promise((resolve) => {
    permittedAddresses(hostname, POLICY, lookup, (error, list) => resolve(error ?? list));
  });
  return { addresses, asked };
}

describe('the addresses of a host', () => {
  it.each(['localhost', 'localhost.', 'LOCALHOST', 'a.localhost', 'a.b.localhost.'])(
    'are both of loopback, without a look-up, for %s',
    async (hostname) => {
      expect(await addressesOf(hostname)).toEqual({ addresses: ['127.0.0.1', '::1'], asked: [] });
    },
  );

  it.each(['127.0.0.9', '2001:4860::1'])('are the address itself, without a look-up, for %s', async (hostname) => {
    expect(await addressesOf(hostname)).toEqual({ addresses: [hostname], asked: [] });
  });

  it('are those of one look-up, as it orders them, the families by turns', async () => {
    const name = 'a.example.';
    const found = ['2a00::1', '2a00::2', '2a00::3', '1.1.1.1', '1.1.1.2'];

    expect(await addressesOf(name, found)).toEqual({
      addresses: ['2a00::1', '1.1.1.1', '2a00::2', '1.1.1.2', '2a00::3'],
      asked: [[name, { all: true, family: 0, hints: ADDRCONFIG }]],
    });
    expect((await addressesOf(name, found.toReversed())).addresses).toEqual([
      ...['1.1.1.2', '2a00::3', '1.1.1.1', '2a00::2', '2a00::1'],
    ]);
  });

  it('are the permitted ones, and refused when there are none', async () => {
    const refused = ['169.254.169.254', 'fe80::1'];

    expect((await addressesOf('a.example', [...refused, '1.1.1.1'])).addresses).toEqual(['1.1.1.1']);
    expect((await addressesOf('a.example', refused)).addresses).toBeInstanceOf(AddressRefusedError);
    expect((await addressesOf('a.example', [])).addresses).toBeInstanceOf(AddressRefusedError);
  });

  it('are not to be had when the look-up fails', async () => {
    const error = new Error('getaddrinfo ENOTFOUND a.example');

    expect((await addressesOf('a.example', error)).addresses).toBe(error);
  });
});
