/** Why an attempt got no answer. Stable: shown in the API and counted in metrics. */
export type AttemptErrorClass =
  | 'timeout'
  | 'connection_error'
  | 'tls_error'
  | 'response_too_large'
  | 'protocol_error'
  | 'address_refused'
  /** the stored data make no HTTP request */
  | 'invalid_request'
  /** a fault of the service itself */
  | 'internal_error';

const TIMEOUT_CODES = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
]);
/** The URL, a header or the method cannot be written as HTTP. */
const INVALID_REQUEST_CODES = new Set(['UND_ERR_INVALID_ARG', 'ERR_INVALID_URL', 'ERR_INVALID_CHAR']);
const MAX_MESSAGE_LENGTH = 300;

/** Sorts what the HTTP client throws. @returns the class and a message for the ledger */
export function classifyError(error: unknown): { error: AttemptErrorClass; message: string } {
  const { name = '', code = '' } = Object(error) as { name?: string; code?: string };
  const text = messageOf(error);
  if (name === 'TimeoutError' || TIMEOUT_CODES.has(code)) return { error: 'timeout', message: text };
  if (/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|EPROTO)/.test(code)) {
    return { error: 'tls_error', message: text };
  }
  if (INVALID_REQUEST_CODES.has(code)) return { error: 'invalid_request', message: text };
  if (code === 'ERR_ADDRESS_REFUSED') return { error: 'address_refused', message: text };
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return { error: 'response_too_large', message: text };
  if (name === 'HTTPParserError') return { error: 'protocol_error', message: text };
  return { error: 'connection_error', message: text };
}

/** What something that was thrown says, as the ledger can store it. */
export function messageOf(error: unknown): string {
  const { message } = Object(error) as { message?: unknown };
  const text = typeof message === 'string' && message !== '' ? message : String(error);
  // PostgreSQL's text has no NUL: one message with it would keep a whole batch from being written.
  return text.slice(0, MAX_MESSAGE_LENGTH).replaceAll('\0', '\uFFFD');
}
