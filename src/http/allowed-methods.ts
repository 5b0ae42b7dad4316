import type { FastifyInstance, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyInstance {
    routeTable: { method: string; pattern: RegExp }[];
  }
}

/** Remembers every route, so that a known path called with an unknown method is told from an unknown path. */
export function installRouteTable(fastify: FastifyInstance): void {
  fastify.decorate('routeTable', []);
  fastify.addHook('onRoute', ({ method, url }) => {
    if (url.includes('*')) return;
    const pattern = new RegExp(`^${url.replace(/:[^/]+/g, '[^/]+').replace(/\/$/, '')}/?$`);
    for (const name of [method].flat()) fastify.routeTable.push({ method: name, pattern });
  });
}

/** The methods that the path of this request answers to, sorted; empty for an unknown path. */
export function allowedMethods(request: FastifyRequest): string[] {
  const path = request.url.split('?', 1)[0] ?? '';
  const methods = request.server.routeTable.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
  return [...new Set(methods)].sort();
}
