import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
const MAPPED_BITS = MAPPED.length * 8;

/** Addresses that begin with the same bits: 4 bytes for IPv4, 16 for IPv6. */
export interface AddressRange {
  readonly bytes: readonly number[];
  readonly prefixLength: number;
}

/**
 * An address as bytes: 4 for IPv4, also where it is written as IPv4-mapped IPv6, 16 for IPv6. A zone is left out.
 *
 * @param text as the operating system and URLs of the WHATWG's standard spell it; nothing else is taken for an address
 * @returns null when it is none
 */
export function addressBytes(text: string): number[] | null {
  if (isIP(text) === 0) return null;
  const bytes = ipaddr.parse(text.split('%', 1)[0]).toByteArray();
  return isMapped(bytes) ? bytes.slice(MAPPED.length) : bytes;
}

/** @param text an address, or a range such as `10.0.0.0/8`; @returns null when it is neither, or has bits beyond its prefix */
export function parseAddressRange(text: string): AddressRange | null {
  const [address, length, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || address.includes('%') || rest.length > 0) return null;
  const bytes = ipaddr.parse(address).toByteArray();
  const bits = bytes.length * 8;
  if (length !== undefined && !/^(0|[1-9]\d{0,2})$/.test(length)) return null;
  const prefixLength = length === undefined ? bits : Number(length);
  if (prefixLength > bits || !isZeroFrom(bytes, prefixLength)) return null;
  if (isMapped(bytes) && prefixLength >= MAPPED_BITS) {
    return { bytes: bytes.slice(MAPPED.length), prefixLength: prefixLength - MAPPED_BITS };
  }
  return { bytes, prefixLength };
}

/** Whether an address, as bytes, is in a range. Never for one of the other family. */
export function isWithin(address: ArrayLike<number>, { bytes, prefixLength }: AddressRange): boolean {
  if (address.length !== bytes.length) return false;
  const whole = prefixLength >> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== bytes[i]) return false;
  const mask = 0xff & (0xff << (8 - (prefixLength & 7)));
  return mask === 0 || (address[whole] & mask) === (bytes[whole] & mask);
}

function isMapped(bytes: number[]): boolean {
  return bytes.length === 16 && MAPPED.every((byte, i) => bytes[i] === byte);
}

function isZeroFrom(bytes: number[], bit: number): boolean {
  return bytes.every((byte, i) => {
    const kept = Math.min(8, Math.max(0, bit - i * 8));
    return (byte & (0xff >> kept)) === 0;
  });
}
