import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyHttpOptions, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BODY_LIMIT_BYTES } from './body-parsing.js';
import { MalformedRequestError, NotFoundError } from './domain-error.js';

const REQUEST_TIMEOUT_MS = 30_000;
const HEADERS_TIMEOUT_MS = 10_000;
/** How often connections are looked at for these times, which so may take this much longer. */
const CHECKING_INTERVAL_MS = 1_000;
const MAX_HEADER_BYTES = 16 * 1024;

// Percent-encoded control characters, NUL and line ends among them: nothing here has them in its name.
const CONTROL_CHARACTER = /%(?:[01][0-9a-f]|7f)/i;

const CLIENT_ERRORS: Record<string, [status: string, detail: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request took too long.'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', `The headers exceed ${MAX_HEADER_BYTES} bytes.`],
};
const NOT_HTTP: [string, string] = ['400 Bad Request', 'The request is not HTTP.'];

/** How much of a request is read, and for how long: a client that dribbles or floods loses its connection. */
export const REQUEST_LIMITS = {
  bodyLimit: BODY_LIMIT_BYTES,
  requestTimeout: REQUEST_TIMEOUT_MS,
  http: {
    headersTimeout: HEADERS_TIMEOUT_MS,
    connectionsCheckingInterval: CHECKING_INTERVAL_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
  },
  clientErrorHandler: answerClientError,
  frameworkErrors: answerRouterError,
} satisfies FastifyHttpOptions<Server>;

/** Refuses what a URL cannot rightly have before anything reads it. */
export function installUrlCheck(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request: FastifyRequest, _reply, done) => {
    if (CONTROL_CHARACTER.test(request.url)) {
      throw new MalformedRequestError('Control characters in the URL are not accepted.');
    }
    if (Object.hasOwn(request.query as object, '__proto__')) {
      throw new MalformedRequestError('A parameter named "__proto__" is not accepted.');
    }
    done();
  });
}

/** A path that cannot be decoded, or with an id that is longer than any: an unknown one, as every malformed id is. */
function answerRouterError(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  const isTooLong = error.code === 'FST_ERR_MAX_PARAM_LENGTH';
  const detail = isTooLong ? new NotFoundError().message : 'The URL is not valid.';
  void reply.status(isTooLong ? 404 : 400).send({ detail });
}

/** What Node's parser refuses never becomes a request; it is answered in the API's shape all the same. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const [status, detail] = CLIENT_ERRORS[error.code ?? ''] ?? NOT_HTTP;
  const body = JSON.stringify({ detail });
  if (socket.writable) {
    const headers = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`;
    socket.write(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`);
  }
  socket.destroy(error);
}
