import { getSchemaPath, type OpenAPIObject } from '@nestjs/swagger';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

/** Schemas that no DTO describes: a class always becomes an object with named properties. */
export const API_SCHEMAS = {
  ApiError: {
    type: 'object',
    description: 'An error of the request as a whole.',
    properties: { detail: { type: 'string', description: 'What is wrong, in one sentence.' } },
    required: ['detail'],
    example: { detail: 'Not found.' },
  },
  FieldErrors: {
    type: 'object',
    description:
      'What is wrong with the input, by name of the field or the query parameter. ' +
      'Messages that belong to no single field have the name `non_field_errors`.',
    additionalProperties: { type: 'array', items: { type: 'string' } },
    example: { cron_definition: ['minute 99 is out of range 0-59'] },
  },
  JsonValue: {
    description: 'Any JSON value: an object, an array, a string, a number, a boolean or null.',
    examples: [{ hello: 'world' }, [1, 2, 3], 'text', 42, true, null],
  },
} satisfies Schemas;

/** Refers to one of the schemas that no DTO describes. */
export function apiSchema(name: keyof typeof API_SCHEMAS): { $ref: string } {
  return { $ref: getSchemaPath(name) };
}
