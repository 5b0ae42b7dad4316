import type { Socket } from 'node:net';

/** Time before the next address is tried beside those that have not connected yet (RFC 8305, section 5). */
const ATTEMPT_DELAY_MS = 250;
/** Addresses of one name that are tried at most. */
const MAX_ADDRESSES = 32;
/** Errors that say most about a receiver, the most telling first. The others say that this host has no route to it. */
const TELLING = ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EHOSTUNREACH'];

/** Begins a TCP connection to an address. */
export type Dial = (address: string) => Socket;
type Callback = (...outcome: [Error, null] | [null, Socket]) => void;

/**
 * Connects to the first address that accepts (Happy Eyeballs, RFC 8305). An address that fails makes room for the next
 * one at once; one that says nothing goes on while the next one is tried.
 *
 * @param addresses one at least, in the order to try them
 * @param callback is called once, unless the race is cancelled before
 * @returns cancels the race, and closes what it has opened
 */
export function raceConnections(addresses: string[], dial: Dial, callback: Callback): () => void {
  const open = new Set<Socket>();
  const errors: Error[] = [];
  const waiting = addresses.slice(0, MAX_ADDRESSES);
  let timer: NodeJS.Timeout | undefined;

  const cancel = () => {
    clearTimeout(timer);
    waiting.length = 0;
    for (const socket of open) socket.destroy();
  };
  const next = () => {
    clearTimeout(timer);
    const address = waiting.shift();
    if (address === undefined) return;
    const socket = dial(address);
    open.add(socket);
    socket.on('error', (error) => {
      // After the race the errors of the winner are its user's.
      if (!open.delete(socket)) return;
      errors.push(error);
      if (waiting.length > 0) next();
      else if (open.size === 0) callback(failureOf(errors), null);
    });
    socket.once('connect', () => {
      if (!open.delete(socket)) return;
      cancel();
      callback(null, socket);
    });
    if (waiting.length > 0) timer = setTimeout(next, ATTEMPT_DELAY_MS);
  };
  next();
  return cancel;
}

/** The most telling of the errors, with the messages of all. */
function failureOf(errors: Error[]): Error {
  if (errors.length === 1) return errors[0];
  const code = TELLING.find((one) => errors.some((error) => codeOf(error) === one)) ?? codeOf(errors[0]);
  const telling = errors.filter((error) => codeOf(error) === code);
  const others = errors.filter((error) => codeOf(error) !== code);
  const message = [...telling, ...others].map((error) => error.message).join(', ');
  return Object.assign(new Error(message, { cause: telling[0] }), { code });
}

function codeOf(error: Error): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
