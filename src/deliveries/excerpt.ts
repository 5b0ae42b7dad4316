import { MAX_RESPONSE_BODY_BYTES, type OutboundResponse } from '../outbound/exchange.js';
import { longestForm, masked } from './secret-mask.js';

/** Bytes of an answer that are kept. */
const EXCERPT_BYTES = 1024;
const REDIRECT_NOTE = 'A redirect, which is not followed.';

type Answer = Pick<OutboundResponse, 'status' | 'body'>;

/**
 * The start of an answer, for the history; null when it is empty. Some receivers answer with what they were sent, and
 * whoever reads the history must not read the token there: it is masked.
 */
export function excerptOf({ status, body }: Answer, authToken: string | null): string | null {
  const note = noteOn(status);
  if (note !== null) return note;
  if (body.length === 0) return null;
  const text = authToken ? withoutToken(body, authToken) : startOf(body);
  // PostgreSQL's text has no NUL.
  return text.replaceAll('\0', '\uFFFD');
}

/** What the history says of a status by itself, whatever the answer has; null for nothing. */
export function noteOn(status: number): string | null {
  return status >= 300 && status < 400 ? REDIRECT_NOTE : null;
}

function withoutToken(body: Buffer, authToken: string): string {
  // One that begins within the excerpt is seen as a whole.
  const reach = Math.min(EXCERPT_BYTES + longestForm(authToken, body), MAX_RESPONSE_BODY_BYTES);
  const text = masked(body.subarray(0, reach).toString('utf8'), authToken);
  // Masks are shorter than most tokens: what is at the end of the reach may come into the excerpt, and be a part of one.
  const kept = body.length < reach ? text : text.slice(0, -2 * authToken.length);
  return Buffer.byteLength(kept) <= EXCERPT_BYTES ? kept : startOf(Buffer.from(kept));
}

function startOf(bytes: Buffer): string {
  return bytes.subarray(0, EXCERPT_BYTES).toString('utf8');
}
