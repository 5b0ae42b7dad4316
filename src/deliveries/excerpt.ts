import type { OutboundResponse } from '../outbound/exchange.js';

/** Bytes of an answer that are kept. */
const EXCERPT_BYTES = 1024;
const MASK = '********';
const REDIRECT_NOTE = 'A redirect, which is not followed.';

type Answer = Pick<OutboundResponse, 'status' | 'body'>;

/**
 * The start of an answer, for the history; null when it is empty. Some receivers answer with what they were sent, and
 * whoever reads the history must not read the token there: it is masked.
 */
export function excerptOf({ status, body }: Answer, authToken: string | null): string | null {
  if (status >= 300 && status < 400) return REDIRECT_NOTE;
  if (body.length === 0) return null;
  const text = authToken ? withoutToken(body, authToken) : body.subarray(0, EXCERPT_BYTES).toString('utf8');
  // PostgreSQL's text has no NUL.
  return text.replaceAll('\0', '\uFFFD');
}

/** @returns the text with the token made unreadable, wherever it stands */
export function masked(text: string, authToken: string | null): string {
  return authToken ? text.split(authToken).join(MASK) : text;
}

function withoutToken(body: Buffer, authToken: string): string {
  const reach = EXCERPT_BYTES + Buffer.byteLength(authToken);
  const parts = body.subarray(0, reach).toString('utf8').split(authToken);
  // What follows the last one may end with a token that is cut off.
  const rest = parts.pop() ?? '';
  parts.push(body.length > reach ? rest.slice(0, Math.max(0, rest.length - authToken.length + 1)) : rest);
  return Buffer.from(parts.join(MASK)).subarray(0, EXCERPT_BYTES).toString('utf8');
}
