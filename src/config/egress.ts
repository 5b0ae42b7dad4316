import { type AddressRange, parseAddressRange } from './address-range.js';

/** Where requests may go, beside what is refused always. Of the entries that hold an address, the narrowest decides. */
export interface Egress {
  /** whether loopback is permitted when no entry says anything of it */
  readonly isLoopbackOpen: boolean;
  readonly allow: readonly AddressRange[];
  readonly deny: readonly AddressRange[];
}

/** Words that stand for ranges in `EGRESS_ALLOW` and `EGRESS_DENY`. */
const WORDS: Record<string, string[]> = {
  loopback: ['127.0.0.0/8', '::1'],
  // RFC 1918, RFC 6598 and RFC 4193: where services in a cluster are.
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'],
};

export const LOOPBACK = rangesOf('loopback');

export function isEgressEntry(entry: unknown): boolean {
  return typeof entry === 'string' && rangesIn(entry) !== null;
}

/** @param entries that `isEgressEntry` holds for */
export function egressRanges(entries: readonly string[]): AddressRange[] {
  return entries.flatMap((entry) => rangesIn(entry) ?? []);
}

function rangesIn(entry: string): AddressRange[] | null {
  if (Object.hasOwn(WORDS, entry)) return rangesOf(entry);
  const range = parseAddressRange(entry);
  return range && [range];
}

function rangesOf(word: string): AddressRange[] {
  return WORDS[word].map((text) => parseAddressRange(text) as AddressRange);
}
