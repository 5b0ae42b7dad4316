import { EventEmitter, once } from 'node:events';
import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import { Notifications } from '../../src/database/notifications.js';
import { Proxy } from '../faults/library/proxy.js';
import { testConfig } from '../support/app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

const SILENCE_MS = 300;

async function proxied(database: TestDatabase): Promise<{ proxy: Proxy; url: string }> {
  const url = new URL(database.url);
  const proxy = await Proxy.start(Number(url.port));
  url.port = String(proxy.port);
  return { proxy, url: url.href };
}

describe('a connection whose reply was lost on the way', () => {
  it('is given up, and its place in the pool is free for a new one', async () => {
    await using database = await createDatabase();
    const { proxy, url } = await proxied(database);
    await using _proxy = proxy;
    const options = dataSourceOptions(url);
    const extra = { ...(options.extra as object), query_timeout: SILENCE_MS };
    const dataSource = await new DataSource({ ...options, poolSize: 1, extra } as typeof options).initialize();
    try {
      const [{ pid: before }] = await dataSource.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid');
      proxy.set('swallow');
      await expect(dataSource.query('SELECT 1')).rejects.toThrow('Query read timeout');
      proxy.set('forward');

      const [{ pid: after }] = await dataSource.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid');

      expect(after).not.toBe(before);
    } finally {
      await dataSource.destroy();
    }
  });
});

describe('notifications', () => {
  it.each(['pg_terminate_backend', 'a reset'])('are heard again after their connection ended by %s', async (how) => {
    await using database = await createDatabase();
    const { proxy, url } = await proxied(database);
    await using _proxy = proxy;
    const notifications = new Notifications(testConfig(url));
    const heard = new EventEmitter();
    notifications.listen('seed_triggers', () => heard.emit('woken'));
    const atFirst = once(heard, 'woken');
    await notifications.onApplicationBootstrap();
    await atFirst;
    try {
      const afterwards = once(heard, 'woken');
      if (how === 'a reset') proxy.cut();
      else await database.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'`);
      await afterwards;

      const woken = once(heard, 'woken');
      await database.query(`SELECT pg_notify('seed_triggers', NULL)`);
      await woken;
    } finally {
      await notifications.onModuleDestroy();
    }
  });
});
