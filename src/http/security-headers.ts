import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

// Answers of the API are data: a browser that shows one must not run, load or frame anything.
const OF_DATA = { defaultSrc: ["'none'"], frameAncestors: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"] };

// The pages under /docs load their scripts from here; Swagger UI writes styles and pictures into the page.
const OF_DOCS =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** Headers that tell browsers to be careful, on every answer. */
export async function installSecurityHeaders(fastify: FastifyInstance): Promise<void> {
  await fastify.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: OF_DATA },
    frameguard: { action: 'deny' },
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    if (/^\/docs(?:[/?]|$)/.test(request.url)) reply.raw.setHeader('content-security-policy', OF_DOCS);
    // Tokens, signing secrets and payloads: nobody on the way, nor a browser, is to keep a copy.
    else reply.header('cache-control', 'no-store');
    done();
  });
}
