import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { connect, type LookupFunction, type Socket } from 'node:net';
import { buildConnector, errors } from 'undici';
import type { AddressPolicy } from './address-policy.js';
import { AddressRefusedError } from './address-refused.error.js';

const KEEP_ALIVE_PROBE_MS = 60_000;

type Connector = buildConnector.connector;
/** Opens a TCP connection. */
export type Dial = (target: { host: string; port: number }) => Socket;

/** Looks a name up by the operating system: hosts file, search domains and all. */
export const SYSTEM_LOOKUP = systemLookup as LookupFunction;

interface Limits {
  /** from the look-up to the end of the TLS handshake */
  timeoutMs: number;
}

/** Dials as Node.js does, all addresses of a name in turn, but only when the policy permits every one of them. */
export function guardedDial(policy: AddressPolicy, lookup: LookupFunction): Dial {
  const guarded = guardedLookup(policy, lookup);
  return ({ host, port }) => connect({ host, port, lookup: guarded, noDelay: true });
}

/**
 * Opens connections for undici. A host that is known to be refused is not looked up; the address that was reached is
 * looked at before a byte is sent, TLS's first one included. A connection that is kept alive stays with that address, so
 * nothing is checked for the requests that use it again.
 */
export function guardedConnector(policy: AddressPolicy, dial: Dial, { timeoutMs }: Limits): Connector {
  // HTTP/1.1 only: undici does not bound the headers of an HTTP/2 answer.
  // Said here, neither NODE_TLS_REJECT_UNAUTHORIZED nor --tls-min-v1.0 changes it.
  const secure = buildConnector({ allowH2: false, minVersion: 'TLSv1.2', rejectUnauthorized: true, timeout: 0 });
  return (options, callback) => {
    if (policy.refusesHost(options.hostname)) {
      queueMicrotask(() => callback(new AddressRefusedError(), null));
      return;
    }
    const isSecure = options.protocol === 'https:';
    const socket = dial({ host: options.hostname, port: Number(options.port || (isSecure ? 443 : 80)) });
    const settle = onceBefore(timeoutMs, socket, callback);
    socket.setKeepAlive(true, KEEP_ALIVE_PROBE_MS);
    socket.on('error', (error) => settle(normalized(error), null));
    socket.once('connect', () => {
      if (!policy.permits(socket.remoteAddress ?? '')) {
        settle(new AddressRefusedError(), null);
      } else if (isSecure) {
        secure({ ...options, httpSocket: socket }, settle);
      } else {
        settle(null, socket);
      }
    });
  };
}

/** Passes on the first of what comes of a connection; time that runs out is one of them. On an error the socket goes. */
function onceBefore(timeoutMs: number, socket: Socket, callback: buildConnector.Callback): buildConnector.Callback {
  let isSettled = false;
  const deadline = setTimeout(() => {
    settle(new errors.ConnectTimeoutError(`no connection within ${timeoutMs} ms`), null);
  }, timeoutMs);
  const settle: buildConnector.Callback = (...outcome: buildConnector.CallbackArgs) => {
    if (isSettled) return;
    isSettled = true;
    clearTimeout(deadline);
    if (outcome[0]) socket.destroy();
    callback(...outcome);
  };
  return settle;
}

/** A name is refused as a whole when one of its addresses is. */
function guardedLookup(policy: AddressPolicy, lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      // Read once: what is checked is what is dialled.
      const addresses = error ? [] : (found as LookupAddress[]).map(({ address, family }) => ({ address, family }));
      const refused = addresses.every(({ address }) => policy.permits(address)) ? null : new AddressRefusedError();
      const failure = error ?? refused;
      if (failure || options.all) callback(failure, failure ? [] : addresses);
      else callback(null, addresses[0].address, addresses[0].family);
    });
  };
}

/** Node.js gives up on single addresses of a name early; when all are given up on, some in time, time ran out. */
function normalized(error: Error): Error {
  const isLate = error instanceof AggregateError && error.errors.some(isTimeout);
  return isLate ? new errors.ConnectTimeoutError('no connection to any of its addresses') : error;
}

function isTimeout(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'ETIMEDOUT';
}
