import type { OutboundResponse } from '../outbound/exchange.js';

/** Bytes of an answer that are kept. */
const EXCERPT_BYTES = 1024;
const MASK = '********';
/** Characters that JSON or URLs may write in another way. */
const WRITTEN_DIFFERENTLY = /[^\w.~-]/;
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
  return authToken ? text.split(anyOf(formsOf(authToken))).join(MASK) : text;
}

/** As it was sent, and as JSON and URLs write it, the longest first. Most tokens read the same in all of them. */
function formsOf(authToken: string): string[] {
  if (!WRITTEN_DIFFERENTLY.test(authToken)) return [authToken];
  const inJson = JSON.stringify(authToken).slice(1, -1);
  const forms = [authToken, inJson, inJson.replaceAll('/', '\\/'), encodeURIComponent(authToken)];
  return [...new Set(forms)].sort((a, b) => b.length - a.length);
}

function anyOf(forms: string[]): string | RegExp {
  return forms.length === 1 ? forms[0] : new RegExp(forms.map((form) => form.replace(/\W/g, '\\$&')).join('|'));
}

function withoutToken(body: Buffer, authToken: string): string {
  const forms = formsOf(authToken);
  const [longest] = forms;
  const reach = EXCERPT_BYTES + 2 * Buffer.byteLength(longest);
  const parts = body.subarray(0, reach).toString('utf8').split(anyOf(forms));
  // What follows the last one may end with a token that is cut off.
  const rest = parts.pop() ?? '';
  parts.push(body.length > reach ? rest.slice(0, Math.max(0, rest.length - longest.length + 1)) : rest);
  return Buffer.from(parts.join(MASK)).subarray(0, EXCERPT_BYTES).toString('utf8');
}
