import { STATUS_CODES } from 'node:http';
import type { AttemptErrorClass } from './attempt-error.js';

const REASONS: Readonly<Record<AttemptErrorClass, string>> = {
  timeout: 'The endpoint did not respond in time.',
  connection_error: 'The connection to the endpoint failed.',
  tls_error: 'No secure connection to the endpoint could be made.',
  response_too_large: 'The headers of the response were too large.',
  protocol_error: 'The response was not valid HTTP.',
  address_refused: 'The address of the endpoint is not permitted.',
  invalid_request: 'The stored endpoint, token or payload cannot be sent as an HTTP request.',
  internal_error: 'The service failed while it made the attempt.',
};

/**
 * Says in a sentence why a delivery failed.
 *
 * @param failure the status of the last response, or why there was none: a class of errors, or what kept the request
 *   from being made
 */
export function failureReason({ status, error }: { status: number | null; error: string | null }): string {
  if (status !== null) {
    const note = status >= 300 && status < 400 ? ', and redirects are not followed' : '';
    return `The endpoint responded with ${[status, STATUS_CODES[status]].filter(Boolean).join(' ')}${note}.`;
  }
  const isKnown = error !== null && Object.hasOwn(REASONS, error);
  return isKnown ? REASONS[error as AttemptErrorClass] : (error ?? 'No reason was recorded.');
}
