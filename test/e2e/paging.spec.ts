import { describe, expect, it } from 'vitest';
import { aSchedule, startApp } from '../support/app.js';

describe('pages', () => {
  it('show each schedule once, newest first, and link to their neighbours', async () => {
    await using own = await startApp({ ROLES: 'api', PAGE_SIZE: '2', PAGE_SIZE_MAX: '3' });
    const made: string[] = [];
    for (let i = 0; i < 7; i++) made.push((await own.creates(aSchedule({ frequency: 44 }))).id as string);
    const seen: string[] = [];
    let path: string | null = '/api/v1/schedule/?frequency=44&limit=50';
    while (path) {
      const { body } = await own.call('GET', path);
      expect(body.count).toBe(7);
      expect(body.results.length).toBeLessThanOrEqual(3);
      seen.push(...body.results.map(({ id }: { id: string }) => id));
      path = body.next && (body.next as string).replace(own.url, '');
    }
    expect(seen).toEqual(made.toReversed());
    const middle = await own.call('GET', '/api/v1/schedule?limit=2&offset=3');
    expect(middle.body).toMatchObject({
      next: `${own.url}/api/v1/schedule?limit=2&offset=5`,
      previous: `${own.url}/api/v1/schedule?limit=2&offset=1`,
    });
    expect((await own.call('GET', '/api/v1/schedule/?frequency=45')).body.count).toBe(0);
    expect((await own.call('GET', '/api/v1/schedule/?frequency=x')).status).toBe(400);
  });

  it('end early where payloads are large, and the next one begins there', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const payload = 'x'.repeat(250_000);
    const made: unknown[] = [];
    for (let i = 0; i < 40; i++) {
      made.unshift((await app.creates({ endpoint: 'http://127.0.0.1:9/', cron_definition: '@yearly', payload })).id);
    }

    const listed: unknown[] = [];
    for (let path: string | null = '/api/v1/schedule/?limit=1000'; path;) {
      const { text, body } = await app.call('GET', path);
      expect(text.length).toBeLessThan(5_000_000);
      expect(body.count).toBe(40);
      listed.push(...(body.results as { id: string }[]).map(({ id }) => id));
      path = (body.next as string | null)?.slice(app.url.length) ?? null;
    }

    expect(listed).toEqual(made);
  });
});
