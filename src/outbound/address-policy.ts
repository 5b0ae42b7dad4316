import { addressBytes, type AddressRange, isWithin, parseAddressRange } from '../config/address-range.js';
import { type Egress, LOOPBACK } from '../config/egress.js';
import { carriedAddresses, isCarrier } from './embedded-addresses.js';
import { isLocalhost, LOOPBACK_ADDRESSES } from './localhost.js';

// No setting opens these. Networks of IANA's special-purpose registries that are not for reaching a host on the
// internet or in a private network, and where clouds give away a machine's credentials.
const REFUSED_IPV4 = [
  '0.0.0.0/8', // this network; 0.0.0.0 is the machine itself
  '100.100.100.200', // metadata of Alibaba Cloud
  '168.63.129.16', // platform services of Azure
  '169.254.0.0/16', // link-local; metadata of most clouds
  '192.0.0.0/24', // IETF protocol assignments; metadata of Oracle Cloud
  '192.0.2.0/24', // documentation
  '192.88.99.0/24', // 6to4 relays, deprecated
  '198.18.0.0/15', // benchmarking
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and broadcast
];
const REFUSED_IPV6 = [
  '2001::/23', // IETF protocol assignments; Teredo is judged by what it carries
  '2001:db8::/32', // documentation
  '3fff::/20', // documentation
  'fd00:ec2::/32', // metadata and credentials of Amazon EC2
  'fd20:ce::254', // metadata of Google Cloud
];
/** The only unicast addresses of IPv6 in use, beside loopback and those that carry an IPv4 address. */
const UNICAST_IPV6 = ['2000::/3', 'fc00::/7', '::1'];

const REFUSED = [...REFUSED_IPV4, ...REFUSED_IPV6].map(range);
const UNICAST = UNICAST_IPV6.map(range);

interface Rule extends AddressRange {
  isAllowing: boolean;
}

/**
 * Whether a request may go to an address. Decides on bytes, so that spellings make no difference; an IPv6 address that
 * carries an IPv4 one, for a translator or a tunnel, is judged by that one too.
 *
 * What is always refused stays so. Of the settings' entries that hold an address, the one with the longest prefix
 * decides, and `EGRESS_DENY` where they are equal; without one, loopback is refused unless it is open.
 */
export class AddressPolicy {
  /** narrowest first, a refusal before a permission */
  private readonly rules: Rule[];

  constructor({ isLoopbackOpen, allow, deny }: Egress) {
    const rules = [
      ...deny.map((entry) => ({ ...entry, isAllowing: false })),
      ...allow.map((entry) => ({ ...entry, isAllowing: true })),
      ...LOOPBACK.map((entry) => ({ ...entry, isAllowing: isLoopbackOpen })),
    ];
    // Stable: what stands first comes first among equals.
    this.rules = rules.sort((a, b) => b.prefixLength - a.prefixLength);
  }

  /** @param address as text; what is not an address is refused */
  permits(address: string): boolean {
    const bytes = addressBytes(address);
    return bytes !== null && this.permitsBytes(bytes);
  }

  /**
   * Whether a URL's host is known to be refused before it is looked up: an address, or a name that is loopback by
   * definition (RFC 6761).
   *
   * @param hostname as `URL.hostname` has it
   */
  refusesHost(hostname: string): boolean {
    const text = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
    const bytes = addressBytes(text);
    if (bytes) return !this.permitsBytes(bytes);
    return isLocalhost(hostname) && !LOOPBACK_ADDRESSES.some((address) => this.permits(address));
  }

  private permitsBytes(bytes: number[]): boolean {
    for (const carried of carriedAddresses(bytes)) if (!this.permitsBytes(carried)) return false;
    if (isRefusedAlways(bytes)) return false;
    return this.rules.find((rule) => isWithin(bytes, rule))?.isAllowing ?? true;
  }
}

function isRefusedAlways(bytes: number[]): boolean {
  if (isCarrier(bytes)) return false;
  if (REFUSED.some((refused) => isWithin(bytes, refused))) return true;
  return bytes.length === 16 && !UNICAST.some((unicast) => isWithin(bytes, unicast));
}

function range(text: string): AddressRange {
  return parseAddressRange(text) as AddressRange;
}
