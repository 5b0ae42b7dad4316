import { applyDecorators, type Type } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiHeader,
  ApiOperation,
  ApiQuery,
  ApiResponse,
  type ApiResponseOptions,
} from '@nestjs/swagger';
import { apiSchema } from './api-schemas.js';

interface Answers {
  /** unique; generated clients use it as the name of a method */
  operationId: string;
  /** status of success */
  status: number;
  type?: Type;
  /** which of 400, 403, 404 a caller has to expect; 401, 429, 500 and 503 go without saying */
  errors?: number[];
  /** takes `limit` and `offset` */
  paged?: boolean;
  /** reads a body, which may be too large, of the wrong type, or have unknown fields */
  body?: boolean;
  /** names what was created in a `Location` header */
  location?: boolean;
  /** needs no token */
  isPublic?: boolean;
}

type Headers = NonNullable<ApiResponseOptions['headers']>;

const SUCCESSES: Record<number, string> = {
  200: 'The request succeeded.',
  201: 'The request succeeded, and created or queued something.',
  204: 'The request succeeded. The response has no body.',
};

/** Description and example of each error. */
const ERRORS: Record<number, [description: string, detail: string]> = {
  401: ['The token is missing, unknown, expired or revoked.', 'Authentication credentials were not provided.'],
  403: ['The token is valid, but its user is not an admin.', 'You do not have permission to perform this action.'],
  404: ['It does not exist, or is not visible to you.', 'Not found.'],
  413: ['The body exceeds 256 KiB.', 'Request body is too large'],
  415: ['The body is neither JSON nor a form.', 'Unsupported media type "application/xml" in request.'],
  429: ['Too many requests.', 'Request was throttled. Expected available in 42 seconds.'],
  500: ['The service failed. Its log has the reason.', 'A server error occurred.'],
  503: ['The database cannot be reached.', 'Service temporarily unavailable, try again later.'],
};

const REQUEST_ID: Headers = {
  'X-Request-Id': {
    description: 'The ID of the request: the one that it was sent with, or a new one. Log lines carry it.',
    schema: { type: 'string' },
  },
};
const RETRY_AFTER: Headers = {
  'Retry-After': { description: 'Seconds to wait before the next try.', schema: { type: 'integer', minimum: 1 } },
};
const ERROR_HEADERS: Record<number, Headers> = {
  401: {
    'WWW-Authenticate': {
      description: 'The authentication scheme.',
      schema: { type: 'string', example: 'Token' },
    },
  },
  429: RETRY_AFTER,
  503: RETRY_AFTER,
};
const LOCATION: Headers = {
  Location: { description: 'URL of what was created.', schema: { type: 'string', format: 'uri' } },
};
const WARNING: Headers = {
  Warning: {
    description: 'Names the unknown fields of the body, which were ignored. Absent if there are none.',
    schema: { type: 'string', example: '299 - "\\"freqency\\": Unknown field, ignored. Did you mean frequency?"' },
  },
};

/** Documents an operation's responses, and the parameters that follow from how it works. */
export function ApiAnswers(answers: Answers): MethodDecorator {
  const { operationId, status, type, errors = [], paged = false, body = false, isPublic = false } = answers;
  const hasInput = errors.includes(400);
  const always = isPublic ? [500] : [401, 429, 500, 503];
  const others = [...errors.filter((error) => error !== 400), ...(body ? [413, 415] : []), ...always];
  const headers = { ...REQUEST_ID, ...(answers.location && LOCATION), ...(body && WARNING) };
  return applyDecorators(
    ApiOperation({ operationId, ...(isPublic && { security: [] }) }),
    ...(isPublic ? [] : [ApiBearerAuth('token')]),
    ...(type ? [ApiResponse({ status, type, description: SUCCESSES[status], headers })] : []),
    ...(status === 204 ? [ApiResponse({ status, description: SUCCESSES[status], headers })] : []),
    badRequest(hasInput),
    ...others.map(errorAnswer),
    ...(paged ? PAGING : []),
    ...(body ? [PREFER] : []),
  );
}

const PAGING = [
  ApiQuery({
    name: 'limit',
    required: false,
    schema: { type: 'integer', minimum: 1 },
    description: 'Maximum number of items to return. The service sets the default (100) and the maximum (1000).',
  }),
  ApiQuery({
    name: 'offset',
    required: false,
    schema: { type: 'integer', minimum: 0 },
    description: 'Number of items to skip.',
  }),
];

const PREFER = ApiHeader({
  name: 'Prefer',
  required: false,
  schema: { type: 'string', example: 'handling=strict' },
  description: '`handling=strict` rejects a body with unknown fields (400) instead of ignoring them.',
});

function badRequest(hasInput: boolean): MethodDecorator {
  if (!hasInput) {
    return ApiResponse({
      status: 400,
      description: 'The URL or a header is malformed.',
      headers: REQUEST_ID,
      schema: apiSchema('ApiError'),
      example: { detail: 'Control characters in the URL are not accepted.' },
    });
  }
  return ApiResponse({
    status: 400,
    description: 'The input is invalid (messages by field), or cannot be read at all (`detail`).',
    headers: REQUEST_ID,
    schema: { oneOf: [apiSchema('ApiError'), apiSchema('FieldErrors')] },
  });
}

function errorAnswer(status: number): MethodDecorator {
  const [description = '', detail] = ERRORS[status] ?? [];
  return ApiResponse({
    status,
    description,
    headers: { ...REQUEST_ID, ...ERROR_HEADERS[status] },
    schema: apiSchema('ApiError'),
    example: { detail },
  });
}
