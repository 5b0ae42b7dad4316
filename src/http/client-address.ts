import { isIP } from 'node:net';
import { normalizeIp } from '@nestjs/throttler';
import type { FastifyRequest } from 'fastify';

/** A client has a whole network of this length to choose addresses from. */
const IPV6_PREFIX_BITS = 64;

/**
 * What limits by client count by: the IPv4 address, or the IPv6 network of 64 bits. Behind a proxy that `TRUST_PROXY`
 * names it is that of the proxy's client; what a trusted proxy forwards and is no address counts as the proxy itself.
 */
export function clientKeyOf(request: FastifyRequest): string {
  const address = isIP(request.ip) ? request.ip : (request.raw.socket.remoteAddress ?? '');
  return normalizeIp(address, IPV6_PREFIX_BITS);
}
