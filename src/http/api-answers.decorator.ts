import { applyDecorators, type Type } from '@nestjs/common';
import { ApiBearerAuth, ApiQuery, ApiResponse } from '@nestjs/swagger';

const DETAILS: Record<number, string> = {
  401: 'Authentication credentials were not provided.',
  403: 'You do not have permission to perform this action.',
  404: 'Not found.',
  429: 'Request was throttled. Expected available in 42 seconds.',
};

interface Answers {
  /** status of success */
  status: number;
  type?: Type;
  /** which of 400, 403, 404 a caller has to expect; 401 and 429 go without saying */
  errors?: number[];
  paged?: boolean;
}

/** Documents what a route that needs a token answers. */
export function ApiAnswers({ status, type, errors = [], paged = false }: Answers): MethodDecorator {
  const paging = [
    ApiQuery({ name: 'limit', required: false, schema: { type: 'integer', minimum: 1 }, description: 'Items a page.' }),
    ApiQuery({
      name: 'offset',
      required: false,
      schema: { type: 'integer', minimum: 0 },
      description: 'Items to pass.',
    }),
  ];
  return applyDecorators(
    ApiBearerAuth('token'),
    ApiResponse({ status, type, description: 'Done.' }),
    ...[401, ...errors, 429].map(errorAnswer),
    ...(paged ? paging : []),
  );
}

function errorAnswer(status: number): MethodDecorator {
  if (status === 400) {
    return ApiResponse({
      status,
      description: 'The input is refused; messages by field, or a `detail` when the body as a whole cannot be read.',
      schema: {
        type: 'object',
        additionalProperties: { type: 'array', items: { type: 'string' } },
        example: { cron_definition: ['minute 99 is out of range 0-59'] },
      },
    });
  }
  return ApiResponse({
    status,
    description: DETAILS[status],
    ...(status === 429 && { headers: { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } } }),
    schema: {
      type: 'object',
      properties: { detail: { type: 'string', example: DETAILS[status] } },
    },
  });
}
