import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MethodNotAllowedError } from './domain-error.js';

interface KnownRoute {
  method: string;
  url: string;
  pattern: RegExp;
  /** a digit a segment: 1 for a fixed one, 0 for a parameter; of routes that match a path, the largest is the most exact */
  exactness: string;
}

declare module 'fastify' {
  interface FastifyInstance {
    routeTable: KnownRoute[];
  }
}

/** Remembers every route, so that a known path called with an unknown method is told from an unknown path. */
export function installRouteTable(fastify: FastifyInstance): void {
  fastify.decorate('routeTable', []);
  fastify.addHook('onRoute', ({ method, url }) => {
    if (url.includes('*')) return;
    const pattern = new RegExp(`^${url.replace(/:[^/]+/g, '[^/]+').replace(/\/$/, '')}/?$`);
    const exactness = exactnessOf(url);
    for (const name of [method].flat()) fastify.routeTable.push({ method: name, url, pattern, exactness });
  });
}

/**
 * Refuses a method that a path does not have, where the router would take another route instead: `PUT /user/token/` is
 * no PUT of the user whose id is `token`.
 */
export function installMethodCheck(fastify: FastifyInstance): void {
  const moreExact = new Map<string, KnownRoute[]>();
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { url = '' } = request.routeOptions;
    if (!url.includes(':')) return done();
    let others = moreExact.get(url);
    if (!others) moreExact.set(url, (others = moreExactThan(url, request.server.routeTable)));
    const path = pathOf(request);
    if (others.some(({ pattern }) => pattern.test(path))) {
      throw new MethodNotAllowedError(request.method, allowedMethods(request));
    }
    done();
  });
}

/** The methods that the path of this request answers to, sorted; empty for an unknown path. */
export function allowedMethods(request: FastifyRequest): string[] {
  const path = pathOf(request);
  const matching = request.server.routeTable.filter(({ pattern }) => pattern.test(path));
  const most = matching.reduce((best, { exactness }) => (exactness > best ? exactness : best), '');
  const methods = matching.filter(({ exactness }) => exactness === most).map(({ method }) => method);
  return [...new Set(methods)].sort();
}

/** Routes whose paths match a route with parameters too, and have fixed segments where that has parameters. */
function moreExactThan(url: string, routes: readonly KnownRoute[]): KnownRoute[] {
  const exactness = exactnessOf(url);
  const pattern = routes.find((route) => route.url === url)?.pattern;
  return routes.filter((route) => route.exactness > exactness && pattern?.test(route.url));
}

function exactnessOf(url: string): string {
  return url
    .replace(/\/$/, '')
    .split('/')
    .map((segment) => (segment.startsWith(':') ? '0' : '1'))
    .join('');
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}
