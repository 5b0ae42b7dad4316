/** Seconds; a longer wait that a receiver asks for is cut to this. */
export const MAX_RETRY_AFTER_SECONDS = 86_400;

/**
 * How long a `Retry-After` header asks to wait (RFC 9110, 10.2.3): seconds or an HTTP date.
 *
 * @returns seconds in 0..MAX_RETRY_AFTER_SECONDS, or null for a header that is absent or makes no sense
 */
export function retryAfterSeconds(header: string | string[] | undefined, now: Date): number | null {
  const text = (Array.isArray(header) ? header[0] : header)?.trim() ?? '';
  if (/^\d+$/.test(text)) return Math.min(Number(text), MAX_RETRY_AFTER_SECONDS);
  if (!/^[A-Za-z]{3,9},? /.test(text)) return null;
  const at = Date.parse(text);
  if (Number.isNaN(at)) return null;
  return Math.min(Math.max(0, (at - now.getTime()) / 1000), MAX_RETRY_AFTER_SECONDS);
}
