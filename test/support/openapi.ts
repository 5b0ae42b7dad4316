import { Ajv, type ValidateFunction } from 'ajv';
import fc from 'fast-check';

export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  enum?: unknown[];
  example?: unknown;
  properties?: Record<string, Schema>;
  items?: Schema;
  allOf?: Schema[];
}

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  schema?: Schema;
}

interface DocumentedOperation {
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

export interface OpenApiDocument {
  paths: Record<string, Record<string, DocumentedOperation>>;
  components: { schemas: Record<string, Schema> };
}

/** One method of one path, as the OpenAPI document describes it. */
export interface Operation {
  method: string;
  path: string;
  parameters: Parameter[];
  body: Schema | null;
  /** by status; null where no JSON body is described */
  answers: Map<number, ValidateFunction | null>;
  /** how a counterexample names it */
  [fc.toStringMethod]: () => string;
}

/** Every operation of a document, its answers ready to be checked. */
export function operationsOf(document: OpenApiDocument): Operation[] {
  const ajv = new Ajv({ strict: false, validateFormats: false }).addSchema(readable(document), 'openapi');
  const checkOf = (schema: Schema | undefined) =>
    schema ? ajv.compile(JSON.parse(JSON.stringify(readable(schema)).replaceAll('"#/', '"openapi#/')) as object) : null;
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      parameters: operation.parameters ?? [],
      body: operation.requestBody?.content['application/json']?.schema ?? null,
      answers: new Map(
        Object.entries(operation.responses).map(([status, { content }]) => [
          Number(status),
          checkOf(content?.['application/json']?.schema),
        ]),
      ),
      [fc.toStringMethod]: () => `${method.toUpperCase()} ${path}`,
    })),
  );
}

/** A schema with its reference followed. */
export function resolved(schema: Schema, { components }: OpenApiDocument): Schema {
  const name = (schema.$ref ?? schema.allOf?.[0]?.$ref)?.split('/').at(-1);
  return name ? (components.schemas[name] ?? {}) : schema;
}

/** In OpenAPI 3.0 `nullable` stands beside the reference that it is about; JSON Schema has no such thing. */
function readable<T>(schema: T): T {
  const text = JSON.stringify(schema, (_, value: Schema & { nullable?: boolean }) =>
    value?.nullable && value.allOf ? { anyOf: [{ allOf: value.allOf }, { enum: [null] }] } : value,
  );
  return JSON.parse(text) as T;
}
