import type { Options } from 'pino-http';
import { requestOfLine } from './http/request-id.js';

/**
 * What a log line may say. Whatever else is handed to the logger is left out, and only its name is told under `omitted`:
 * headers, payloads and settings do not get into the logs by somebody's oversight.
 */
const FIELDS = new Set([
  ...['msg', 'err', 'context', 'req', 'reqId'],
  ...[
    'delivery',
    'schedule',
    'tick',
    'attempt',
    'decision',
    'status',
    'error',
    'durationMs',
    'latenessMs',
    'origin',
    'resent',
  ],
  ...['method', 'route', 'user', 'client', 'trace_id', 'span_id', 'version', 'replica', 'roles'],
]);

interface Loggable {
  [field: string]: unknown;
}

/** For pino. Fields are those of the list, and plain values; errors and requests are cut down to what tells nothing. */
export function logOptions(level: string): Options {
  return {
    level,
    autoLogging: false,
    quietReqLogger: true,
    mixin: requestOfLine,
    formatters: { log: permitted },
    serializers: { err: errorFields, req: requestFields },
  };
}

function permitted(line: Loggable): Loggable {
  const kept: Loggable = {};
  const omitted: string[] = [];
  for (const [field, value] of Object.entries(line)) {
    if (FIELDS.has(field) && isPlain(field, value)) kept[field] = value;
    else omitted.push(field);
  }
  if (omitted.length > 0) kept.omitted = omitted;
  return kept;
}

function isPlain(field: string, value: unknown): boolean {
  return typeof value !== 'object' || value === null || value instanceof Date || field === 'err' || field === 'req';
}

// Not its other fields: a failed query has its parameters in them, a failed request its headers.
function errorFields(error: { type?: string; message?: string; stack?: string }): Loggable {
  const { type, message, stack } = error;
  return { type, message, stack };
}

// Without the query string, where clients of other services put tokens.
function requestFields({ id, method, url }: { id?: unknown; method?: string; url?: string }): Loggable {
  return { id, method, url: url?.split('?', 1)[0] };
}
