import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';

export interface Schema {
  description?: string;
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  example?: unknown;
  examples?: unknown[];
  properties?: Record<string, Schema>;
  additionalProperties?: unknown;
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
  security?: object[];
}

export interface OpenApiDocument {
  paths: Record<string, Record<string, DocumentedOperation>>;
  components: { schemas: Record<string, Schema> };
  servers: { url: string }[];
}

/** One method of one path, as the OpenAPI document describes it. */
export interface Operation {
  method: string;
  path: string;
  parameters: Parameter[];
  body: Schema | null;
  /** by status; null where no JSON body is described */
  answers: Map<number, ValidateFunction | null>;
  isPublic: boolean;
  /** how a counterexample names it */
  [fc.toStringMethod]: () => string;
}

export interface Response {
  status: number;
  text: string;
}

/** Errors that come before the operation is looked at: any path may return them, documented or not. */
const UNDOCUMENTED_ERRORS = [404, 405, 408, 413, 414, 415, 431];

/** Every operation of a document, its answers ready to be checked. */
export function operationsOf(document: OpenApiDocument): Operation[] {
  const ajv = new Ajv2020({ strict: false, validateFormats: false }).addSchema(closed(document), 'openapi');
  const checkOf = (schema: Schema | undefined) =>
    schema ? ajv.compile(JSON.parse(JSON.stringify(closed(schema)).replaceAll('"#/', '"openapi#/')) as object) : null;
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
      isPublic: operation.security?.length === 0,
      [fc.toStringMethod]: () => `${method.toUpperCase()} ${path}`,
    })),
  );
}

/** A schema with its reference followed. */
export function resolved(schema: Schema, { components }: OpenApiDocument): Schema {
  const name = (schema.$ref ?? schema.allOf?.[0]?.$ref)?.split('/').at(-1);
  return name ? (components.schemas[name] ?? {}) : schema;
}

/** What is wrong with a response by its description, or null. */
export function responseFault({ answers, method, path }: Operation, { status, text }: Response): string | null {
  const name = `${method} ${path} ${status}`;
  if (!answers.has(status)) {
    if (!UNDOCUMENTED_ERRORS.includes(status)) return `${name}: the status is not documented: ${text}`;
    return isDetail(text) ? null : `${name}: not the shape of an error: ${text}`;
  }
  const check = answers.get(status);
  if (!check) return null;
  return check(JSON.parse(text)) ? null : `${name}: not as documented: ${JSON.stringify(check.errors)} ${text}`;
}

/** The operation that a request is for; undefined for paths and methods that are not documented. */
export function operationFor(operations: Operation[], method: string, url: string): Operation | undefined {
  const [path = ''] = url.split('?', 1);
  const matching = operations.filter((one) => one.method === method && patternOf(one.path).test(path));
  // `/user/token` rather than `/user/{id}`.
  return matching.find((one) => !one.path.endsWith('}')) ?? matching[0];
}

let committed: Operation[] | undefined;

/** Those of `docs/openapi.json`, which a test holds against what the service describes. */
export function committedOperations(): Operation[] {
  committed ??= operationsOf(committedDocument());
  return committed;
}

export function committedDocument(): OpenApiDocument {
  return JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8')) as OpenApiDocument;
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}/?$`);
}

function isDetail(text: string): boolean {
  const { detail, ...rest } = JSON.parse(text) as Record<string, unknown>;
  return typeof detail === 'string' && Object.keys(rest).length === 0;
}

/** A copy whose objects have no other properties than those that are described. */
function closed<T>(schema: T): T {
  const text = JSON.stringify(schema, (_, value: Schema) =>
    value?.type === 'object' && value.properties && value.additionalProperties === undefined
      ? { ...value, additionalProperties: false }
      : value,
  );
  return JSON.parse(text) as T;
}
