import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.js';
import { Notifications } from '../../src/database/notifications.js';
import { createDatabase } from '../support/database.js';

describe('notifications', () => {
  it('reach a room that asks for its channel after the connection was made', async () => {
    await using database = await createDatabase();
    const notifications = new Notifications({ database: { url: database.url } } as Config);
    await notifications.onApplicationBootstrap();
    try {
      // Once as soon as it listens, since something may have happened before; then for each notification.
      await called((callback) => notifications.listen('seed_deliveries', callback));
      const heard = called((callback) => notifications.listen('seed_deliveries', callback), 2);
      await database.query(`SELECT pg_notify('seed_deliveries', NULL)`);
      await expect(heard).resolves.toBeUndefined();
    } finally {
      await notifications.onModuleDestroy();
    }
  });
});

function called(register: (callback: () => void) => void, times = 1): Promise<void> {
  let left = times;
  return new Promise((resolve) => register(() => --left === 0 && resolve()));
}
