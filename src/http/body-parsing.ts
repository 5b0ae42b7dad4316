import { UnsupportedMediaTypeException } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { MalformedBodyError } from './domain-error.js';
import { jsonDepth, MAX_JSON_DEPTH, stringifyJson } from './raw-json.js';

/** Bytes of the largest body that is read; a larger one is answered with 413. */
export const BODY_LIMIT_BYTES = 256 * 1024;

/** What a parsed body came from: pipes see the body alone and find the rest of its exchange here. */
export interface BodyOrigin {
  /** The JSON text; null for a form. */
  json: string | null;
  request: FastifyRequest;
  reply: FastifyReply | null;
  /** Names of the members that its route knows; none until the body has been looked at. */
  fields: readonly string[];
}

const MEDIA_TYPE = /^\s*[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(?:;|$)/;

/** Stands for a body that cannot be read. `InputPipe` throws the fault on routes that take a body; the others ignore it. */
export class UnreadableBody {
  constructor(readonly fault: Error) {}
}

const origins = new WeakMap<object, BodyOrigin>();

export function originOf(body: unknown): BodyOrigin | undefined {
  return typeof body === 'object' && body !== null ? origins.get(body) : undefined;
}

/** Names of the members of a body that its route knows and has looked at. */
export function fieldsOf(body: unknown): readonly string[] {
  return originOf(body)?.fields ?? [];
}

/**
 * Makes Fastify read bodies as the clients of the replaced service send them: JSON with any charset parameter, JSON
 * content type with nothing in it, and forms (`@fastify/formbody`); and write `RawJson` as it came.
 *
 * A body that cannot be read, or is of another media type, fails only where a route takes one: old clients send bodies
 * to routes that take none, `null` among them.
 */
export function installBodyParsing(fastify: FastifyInstance): void {
  fastify.removeContentTypeParser(['application/json', 'text/plain']);
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    done(
      null,
      readable(() => parseJsonBody(body as Buffer, request)),
    );
  });
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => {
    done(null, new UnreadableBody(new UnsupportedMediaTypeException()));
  });
  // Fastify answers before it looks for a parser where this header is no media type.
  fastify.addHook('onRequest', (request, _reply, done) => {
    const type = request.headers['content-type'];
    if (type !== undefined && !MEDIA_TYPE.test(type)) request.headers = { 'content-type': 'application/octet-stream' };
    done();
  });
  fastify.addHook('preHandler', async (request, reply) => {
    const { body } = request;
    if (typeof body !== 'object' || body === null || body instanceof UnreadableBody) return;
    const origin = origins.get(body);
    if (origin) {
      origin.reply = reply;
      return;
    }
    request.body = readable(() => accepted(body));
    origins.set(body, { json: null, request, reply, fields: [] });
  });
  fastify.setReplySerializer((payload) => stringifyJson(payload));
}

function readable(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return new UnreadableBody(error as Error);
  }
}

function parseJsonBody(bytes: Buffer, request: FastifyRequest): unknown {
  const json = decodeUtf8(bytes);
  if (json.trim() === '') return {};
  if (jsonDepth(json) > MAX_JSON_DEPTH + 1) {
    throw new MalformedBodyError(`JSON parse error - nested more than ${MAX_JSON_DEPTH} levels deep`);
  }
  let body: unknown;
  try {
    body = JSON.parse(json, withoutConstructors);
  } catch (error) {
    throw new MalformedBodyError(`JSON parse error - ${(error as Error).message}`);
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new MalformedBodyError('Invalid data. Expected a JSON object.');
  }
  origins.set(accepted(body), { json, request, reply: null, fields: [] });
  return body;
}

/** class-transformer takes a member of this name for a class, and calls it. Payloads keep theirs: they are kept as text. */
function withoutConstructors(name: string, value: unknown): unknown {
  return name === 'constructor' ? undefined : value;
}

function accepted(body: object): object {
  if (Object.hasOwn(body, '__proto__')) throw new MalformedBodyError('A member named "__proto__" is not accepted.');
  return body;
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new MalformedBodyError('JSON parse error - the body is not UTF-8');
  }
}
