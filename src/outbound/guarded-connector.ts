import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import { buildConnector, errors } from 'undici';
import type { AddressPolicy } from './address-policy.js';
import { AddressRefusedError } from './address-refused.error.js';
import { raceConnections } from './connection-race.js';
import { permittedAddresses } from './host-addresses.js';

const KEEP_ALIVE_PROBE_MS = 60_000;

type Connector = buildConnector.connector;
/** Begins a TCP connection to an address. */
export type Dial = (target: { host: string; port: number }) => Socket;

interface Options {
  lookup: LookupFunction;
  /** from the look-up to the end of the TLS handshake, all addresses together */
  timeoutMs: number;
  dial?: Dial;
}

/**
 * Opens connections for undici, to the first address of a host that accepts. A host that is known to be refused is not
 * looked up, refused addresses are not dialled, and the address that was reached is judged again before a byte is sent,
 * TLS's first one included. A connection that is kept alive stays with that address, so nothing is checked for the
 * requests that use it again.
 */
export function guardedConnector(policy: AddressPolicy, { lookup, timeoutMs, dial = dialTcp }: Options): Connector {
  // HTTP/1.1 only: undici does not bound the headers of an HTTP/2 answer.
  // Said here, neither NODE_TLS_REJECT_UNAUTHORIZED nor --tls-min-v1.0 changes it.
  const secure = buildConnector({ allowH2: false, minVersion: 'TLSv1.2', rejectUnauthorized: true, timeout: 0 });
  return (options, callback) => {
    const { hostname, protocol } = options;
    if (policy.refusesHost(hostname)) {
      queueMicrotask(() => callback(new AddressRefusedError(), null));
      return;
    }
    const isSecure = protocol === 'https:';
    const port = Number(options.port || (isSecure ? 443 : 80));
    const attempt = new ConnectionAttempt(timeoutMs, callback);
    permittedAddresses(hostname, policy, lookup, (refused, addresses) => {
      if (refused) return attempt.end(refused, null);
      attempt.race(
        addresses,
        (host) => dial({ host, port }),
        (socket) => {
          socket.setKeepAlive(true, KEEP_ALIVE_PROBE_MS);
          if (!policy.permits(socket.remoteAddress ?? '')) return attempt.end(new AddressRefusedError(), null);
          if (!isSecure) return attempt.end(null, socket);
          const servername = serverNameOf(hostname);
          secure({ ...options, ...(servername !== null && { servername }), httpSocket: socket }, attempt.end);
        },
      );
    });
  };
}

function dialTcp({ host, port }: { host: string; port: number }): Socket {
  return connect({ host, port, noDelay: true });
}

/** One connection in the making. Passes on the first of what comes of it; time that runs out is one of them. */
class ConnectionAttempt {
  private readonly deadline: NodeJS.Timeout;
  private isOver = false;
  private close = () => {};

  constructor(
    timeoutMs: number,
    private readonly callback: buildConnector.Callback,
  ) {
    const error = new errors.ConnectTimeoutError(`no connection within ${timeoutMs} ms`);
    this.deadline = setTimeout(() => this.end(error, null), timeoutMs);
  }

  race(addresses: string[], dial: (host: string) => Socket, onConnected: (socket: Socket) => void): void {
    // The look-up took too long.
    if (this.isOver) return;
    this.close = raceConnections(addresses, dial, (error, socket) => {
      if (!socket) return this.end(error, null);
      this.close = () => socket.destroy();
      onConnected(socket);
    });
  }

  /** On an error whatever was opened is closed. */
  readonly end: buildConnector.Callback = (...outcome) => {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.deadline);
    if (outcome[0]) this.close();
    this.callback(...outcome);
  };
}

/** As TLS wants it: without the dot of the root (RFC 6066). @returns null for an address */
function serverNameOf(hostname: string): string | null {
  return isIP(hostname) ? null : hostname.replace(/\.$/, '');
}
