import { describe, expect, it } from 'vitest';
import { homePage } from './home-page.js';
import { linksOf, prefersJson } from './links.js';

describe('a client', () => {
  it.each([
    [undefined, false],
    ['', false],
    ['*/*', false],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', false],
    ['application/json', true],
    ['Application/JSON; charset=utf-8', true],
    ['application/json, text/plain, */*', true],
    ['application/json, text/html', false],
    ['text/html;q=0.5, application/json;q=0.9', true],
    ['text/html, application/json; q = 0.9', false],
    ['application/json;q=0', false],
    ['application/json;q=x', false],
    ['application/jsonp', false],
  ])('that accepts %j gets JSON: %s', (accept, isJson) => {
    expect(prefersJson(accept)).toBe(isJson);
  });
});

describe('the page', () => {
  it('has nothing in it that the base of its links could put there', () => {
    const page = homePage(linksOf(`http://a/"><script>'&`, { hasApi: true }), '0.1.0');
    expect(page).not.toContain('<script');
    expect(page).toContain('href="http://a/&#34;&#62;&#60;script&#62;&#39;&#38;/docs"');
  });
});
