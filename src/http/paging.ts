import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { pathOf, publicUrlOf } from './public-url.js';

/** A window on a collection, with what is needed to link to its neighbours. */
export interface PageRequest {
  limit: number;
  offset: number;
  /** Absolute URL of the request, as the caller spelled it. */
  url: string;
}

export interface Page<T> {
  count: number;
  next: string | null;
  previous: string | null;
  results: T[];
}

export interface PageSizes {
  defaultSize: number;
  maxSize: number;
}

declare module 'fastify' {
  interface FastifyInstance {
    pageSizes: PageSizes;
  }
}

export function installPaging(fastify: FastifyInstance, pageSizes: PageSizes): void {
  fastify.decorate('pageSizes', pageSizes);
}

/** The page asked for by `limit` and `offset`. A value that is no usable number means the default. */
export const PageOf = createParamDecorator((_: unknown, context: ExecutionContext): PageRequest => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const query = request.query as Record<string, unknown>;
  return { ...pageWindow(query, request.server.pageSizes), url: publicUrlOf(request) + pathOf(request) };
});

/**
 * @param query the parsed query string
 * @returns limit in 1..maxSize and offset in 0..10^12
 */
export function pageWindow(query: Record<string, unknown>, sizes: PageSizes): { limit: number; offset: number } {
  const limit = wholeNumber(query.limit);
  return {
    limit: limit ? Math.min(limit, sizes.maxSize) : sizes.defaultSize,
    offset: wholeNumber(query.offset) ?? 0,
  };
}

function wholeNumber(text: unknown): number | null {
  return typeof text === 'string' && /^\d{1,12}$/.test(text.trim()) ? Number(text) : null;
}

/**
 * One page with links to its neighbours: the URL that was called, with another offset. The next one begins where this one
 * ends, which may have fewer results than it was asked for.
 */
export function pageOf<T>(results: T[], count: number, { limit, offset, url }: PageRequest): Page<T> {
  const end = offset + (results.length || limit);
  return {
    count,
    next: end < count ? pageUrl(url, limit, end) : null,
    previous: offset > 0 ? pageUrl(url, limit, Math.max(0, offset - limit)) : null,
    results,
  };
}

function pageUrl(current: string, limit: number, offset: number): string {
  const url = new URL(current);
  url.searchParams.set('limit', String(limit));
  if (offset > 0) url.searchParams.set('offset', String(offset));
  else url.searchParams.delete('offset');
  return url.href;
}
