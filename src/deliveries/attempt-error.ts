/** Why an attempt got no answer. Stable: shown in the API and counted in metrics. */
export type AttemptErrorClass =
  'timeout' | 'connection_error' | 'tls_error' | 'response_too_large' | 'protocol_error' | 'address_refused';

const TIMEOUT_CODES = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
]);
const MAX_MESSAGE_LENGTH = 300;

/** Sorts what the HTTP client throws. @returns the class and a message for the ledger */
export function classifyError(error: unknown): { error: AttemptErrorClass; message: string } {
  const { name = '', code = '', message = '' } = error as { name?: string; code?: string; message?: string };
  // PostgreSQL's text has no NUL: one message with it would keep a whole batch from being written.
  const text = (message || String(error)).slice(0, MAX_MESSAGE_LENGTH).replaceAll('\0', '\uFFFD');
  if (name === 'TimeoutError' || TIMEOUT_CODES.has(code)) return { error: 'timeout', message: text };
  if (/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|EPROTO)/.test(code)) {
    return { error: 'tls_error', message: text };
  }
  if (code === 'ERR_ADDRESS_REFUSED') return { error: 'address_refused', message: text };
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return { error: 'response_too_large', message: text };
  if (name === 'HTTPParserError') return { error: 'protocol_error', message: text };
  return { error: 'connection_error', message: text };
}
