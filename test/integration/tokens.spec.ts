import { describe, expect, it } from 'vitest';
import { startApp } from '../support/app.js';

describe('a token that is revoked behind the service’s back', () => {
  it('is refused by every replica within five seconds, also by one that has just accepted it', async () => {
    await using one = await startApp({ ROLES: 'api' });
    await using other = await startApp({ ROLES: 'api' }, one.database);
    const replicas = [one, other];
    const { body } = await one.call('POST', '/api/v1/user/token/', { email: 'ann@example.org' });
    const headers = { authorization: `Token ${body.token}` };
    const statuses = () =>
      Promise.all(replicas.map(async (app) => (await app.call('GET', '/api/v1/schedule/', undefined, headers)).status));
    expect(await statuses()).toEqual([200, 200]);

    await one.database.query(
      `DELETE FROM tokens WHERE user_id = (SELECT id FROM users WHERE email = 'ann@example.org')`,
    );

    await expect.poll(statuses, { timeout: 5000 }).toEqual([401, 401]);
  });
});
