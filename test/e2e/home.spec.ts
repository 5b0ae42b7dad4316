import { describe, expect, it } from 'vitest';
import { startApp } from '../support/app.js';

const NO_TOKEN = { authorization: '' };

describe('the root of the service', () => {
  it('is a page with links that all work, without a token', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const { status, headers, text } = await app.call('GET', '/', undefined, NO_TOKEN);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(text).toContain(`<code>${app.url}/api/v1/</code>`);
    const links = [...text.matchAll(/href="([^"]*)"/g)].map(([, url]) => url ?? '');
    expect(links).toEqual(['/docs', '/docs-json', '/health', '/metrics'].map((path) => app.url + path));
    for (const link of links) expect((await fetch(link)).status, link).toBe(200);
  });

  it('loads nothing, and lets browsers load nothing', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const { headers, text } = await app.call('GET', '/', undefined, { ...NO_TOKEN, accept: 'text/html' });
    expect(text).not.toMatch(/<(script|style|link|img|iframe)|style=| on\w+=/i);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('vary')).toContain('Accept');
  });

  it('is JSON to those who ask for it, with the base that PUBLIC_URL names', async () => {
    await using app = await startApp({ ROLES: 'api', PUBLIC_URL: 'https://ticks.example.org/base/' });
    const reply = await app.call('GET', '/', undefined, { ...NO_TOKEN, accept: 'application/json' });
    expect(reply.headers.get('content-type')).toContain('application/json');
    expect(reply.body).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
      api: 'https://ticks.example.org/base/api/v1/',
      docs: 'https://ticks.example.org/base/docs',
      openapi: 'https://ticks.example.org/base/docs-json',
      health: 'https://ticks.example.org/base/health',
      metrics: 'https://ticks.example.org/base/metrics',
    });
  });

  it('tells nothing of the API where it is not served', async () => {
    await using app = await startApp({ ROLES: 'worker' });
    const json = await app.call('GET', '/', undefined, { ...NO_TOKEN, accept: 'application/json' });
    expect(Object.keys(json.body as object)).toEqual(['version', 'docs', 'openapi', 'health', 'metrics']);
    expect((await app.call('GET', '/', undefined, NO_TOKEN)).text).not.toContain('/api/');
  });

  it('answers to GET and HEAD alone', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const head = await app.call('HEAD', '/', undefined, NO_TOKEN);
    expect([head.status, head.headers.get('content-type'), head.text]).toEqual([200, 'text/html; charset=utf-8', '']);
    const post = await app.call('POST', '/', {}, NO_TOKEN);
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect((await app.call('GET', '/api/', undefined, NO_TOKEN)).status).toBe(404);
    expect((await app.call('GET', '/api/v1/', undefined, NO_TOKEN)).status).toBe(404);
  });
});
