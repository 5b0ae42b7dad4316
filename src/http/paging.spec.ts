import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pageOf, pageWindow } from './paging.js';

const SIZES = { defaultSize: 100, maxSize: 1000 };
const URL_OF_LIST = 'https://example.org/base/api/v1/schedule/?enabled=true';

describe('a page', () => {
  it.each([
    [{}, 100, 0],
    [{ limit: '10', offset: '30' }, 10, 30],
    [{ limit: '1001' }, 1000, 0],
    [{ limit: '0', offset: '-1' }, 100, 0],
    [{ limit: ['1', '2'], offset: 'x' }, 100, 0],
  ])('asked for with %j has limit %i and offset %i', (query, limit, offset) => {
    expect(pageWindow(query, SIZES)).toEqual({ limit, offset });
  });

  it('links to its neighbours and keeps the rest of the query', () => {
    const ten = Array.from({ length: 10 });
    const page = pageOf(ten, 50, { limit: 10, offset: 20, url: URL_OF_LIST });
    expect(page).toMatchObject({
      next: `${URL_OF_LIST}&limit=10&offset=30`,
      previous: `${URL_OF_LIST}&limit=10&offset=10`,
    });
    expect(pageOf(ten, 50, { limit: 10, offset: 5, url: URL_OF_LIST }).previous).toBe(`${URL_OF_LIST}&limit=10`);
  });

  it('that ends early is followed by one that begins there; an empty one leads on all the same', () => {
    const window = { limit: 10, offset: 20, url: URL_OF_LIST };
    expect(pageOf([1, 2, 3], 50, window).next).toBe(`${URL_OF_LIST}&limit=10&offset=23`);
    expect(pageOf([], 50, window).next).toBe(`${URL_OF_LIST}&limit=10&offset=30`);
  });

  it('by page leads to every item once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 1, max: 50 }), (count, limit) => {
        const seen: number[] = [];
        let url: string | null = `${URL_OF_LIST}&limit=${limit}`;
        while (url) {
          const window = pageWindow(Object.fromEntries(new URL(url).searchParams), SIZES);
          const items = Array.from({ length: Math.min(limit, count - window.offset) }, (_, i) => window.offset + i);
          seen.push(...items);
          url = pageOf(items, count, { ...window, url }).next;
        }
        expect(seen).toEqual(Array.from({ length: count }, (_, i) => i));
      }),
    );
  });
});
