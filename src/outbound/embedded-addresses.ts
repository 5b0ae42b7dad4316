import { type AddressRange, isWithin, parseAddressRange } from '../config/address-range.js';

interface Carrier {
  range: AddressRange;
  /** where the bytes of the IPv4 address stand */
  place: number[];
  /** the bytes are stored inverted */
  isInverted?: boolean;
}

const LAST = [12, 13, 14, 15];

// IPv4-mapped addresses are IPv4 addresses by the time they come here.
const CARRIERS: Carrier[] = [
  { range: range('::/96'), place: LAST }, // IPv4-compatible
  { range: range('::ffff:0:0:0/96'), place: LAST }, // IPv4-translated (RFC 2765)
  { range: range('64:ff9b::/96'), place: LAST }, // NAT64 (RFC 6052)
  { range: range('64:ff9b:1::/48'), place: LAST }, // NAT64 of a local prefix (RFC 8215)
  { range: range('2002::/16'), place: [2, 3, 4, 5] }, // 6to4 (RFC 3056)
  { range: range('2001::/32'), place: [4, 5, 6, 7] }, // Teredo's server (RFC 4380)
  { range: range('2001::/32'), place: LAST, isInverted: true }, // Teredo's client
];
const LOOPBACK = range('::1');
const LOCAL_NAT64 = range('64:ff9b:1::/48');
// Where RFC 6052 puts the IPv4 address after a prefix of 48, 56 or 64 bits: around byte 8, which is zero.
const LOCAL_NAT64_PLACES = [
  [6, 7, 9, 10],
  [7, 9, 10, 11],
  [9, 10, 11, 12],
];
// An interface identifier of ISATAP (RFC 5214) is this, but for one bit, and an IPv4 address.
const ISATAP = [0, 0, 0x5e, 0xfe];

/** Whether an address is nothing but a form of the IPv4 address that it carries. */
export function isCarrier(bytes: number[]): boolean {
  return bytes.length === 16 && !isWithin(bytes, LOOPBACK) && CARRIERS.some(({ range }) => isWithin(bytes, range));
}

/** The IPv4 addresses that an IPv6 address stands for, or tells a tunnel to send to. */
export function carriedAddresses(bytes: number[]): number[][] {
  if (bytes.length !== 16 || isWithin(bytes, LOOPBACK)) return [];
  const found: number[][] = [];
  for (const { range, place, isInverted } of CARRIERS) {
    if (isWithin(bytes, range)) found.push(place.map((i) => (isInverted ? bytes[i] ^ 0xff : bytes[i])));
  }
  if (isWithin(bytes, LOCAL_NAT64)) {
    const other = LOCAL_NAT64_PLACES.map((place) => place.map((i) => bytes[i]));
    // Which of them is meant is known to the translator alone. In the others the first byte is padding.
    found.push(...other.filter(([first]) => first !== 0));
  }
  if (ISATAP.every((byte, i) => byte === (i === 0 ? bytes[8] & ~0x02 : bytes[8 + i]))) {
    found.push(LAST.map((i) => bytes[i]));
  }
  return found;
}

function range(text: string): AddressRange {
  return parseAddressRange(text) as AddressRange;
}
