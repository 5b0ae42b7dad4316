import { ADDRCONFIG, lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { AddressPolicy } from './address-policy.js';
import { AddressRefusedError } from './address-refused.error.js';
import { isLocalhost, LOOPBACK_ADDRESSES } from './localhost.js';

/** Looks a name up by the operating system: hosts file, search domains and all. */
export const SYSTEM_LOOKUP = systemLookup as LookupFunction;

// A host without an IPv6 address other than ::1 asks for no IPv6 addresses.
const LOOKUP_OPTIONS = { all: true, family: 0, hints: ADDRCONFIG } as const;

type Callback = (error: Error | null, addresses: string[]) => void;

/**
 * Calls back with the addresses of a host that the policy permits, in the order to try them.
 *
 * `localhost` is not looked up: hosts files often name one of its two addresses only, and no name server knows it. The
 * addresses are copied, so that the ones that were judged are the ones that are dialled.
 *
 * @param hostname a name or an address without brackets
 * @param callback gets an AddressRefusedError when the policy permits none of the addresses
 */
export function permittedAddresses(
  hostname: string,
  policy: AddressPolicy,
  lookup: LookupFunction,
  callback: Callback,
): void {
  const judge = (found: string[]) => {
    const addresses = found.filter((address) => policy.permits(address));
    if (addresses.length === 0) callback(new AddressRefusedError(), []);
    else callback(null, byTurns(addresses));
  };
  if (isIP(hostname)) return judge([hostname]);
  if (isLocalhost(hostname)) return judge(LOOPBACK_ADDRESSES);
  lookup(hostname, LOOKUP_OPTIONS, (error, found) => {
    if (error) callback(error, []);
    else judge((found as LookupAddress[]).map(({ address }) => address));
  });
}

/** Alternates between the families, beginning with that of the first address (RFC 8305, section 4). */
function byTurns(addresses: string[]): string[] {
  if (addresses.length < 3) return addresses;
  const first = addresses.filter((address) => isIP(address) === isIP(addresses[0]));
  const second = addresses.filter((address) => isIP(address) !== isIP(addresses[0]));
  return Array.from({ length: Math.max(first.length, second.length) }, (_, i) => [
    ...first.slice(i, i + 1),
    ...second.slice(i, i + 1),
  ]).flat();
}
