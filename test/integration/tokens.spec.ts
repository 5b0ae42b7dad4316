import { describe, expect, it } from 'vitest';
import { TokensService } from '../../src/auth/tokens.service.js';
import { UsersService } from '../../src/users/users.service.js';
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

describe('tokens', () => {
  it('are revoked by id, by prefix or by value, and no others with them', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const tokens = app.nest.get(TokensService);
    const users = app.nest.get(UsersService);
    const ann = await users.findOrCreate('ann@example.org');
    const bob = await users.findOrCreate('bob@example.org');
    const [byId, byPrefix, kept] = [await tokens.issue(ann), await tokens.issue(ann), await tokens.issue(ann)];
    await tokens.adopt(bob, 'a value that was chosen elsewhere', 'imported');

    const revoked = [
      await tokens.revoke({ id: byId.token.id, userId: bob.id }),
      await tokens.revoke({ id: byId.token.id }),
      await tokens.revoke({ prefix: byPrefix.value.slice(0, 8) }),
      await tokens.revoke({ value: 'a value that was chosen elsewhere' }),
      await tokens.revoke({ value: 'a value that nobody has' }),
    ];

    expect(revoked).toEqual([
      [],
      [{ id: byId.token.id, userId: ann.id, label: null, prefix: byId.value.slice(0, 8) }],
      [{ id: byPrefix.token.id, userId: ann.id, label: null, prefix: byPrefix.value.slice(0, 8) }],
      [{ id: expect.any(Number) as number, userId: bob.id, label: 'imported', prefix: null }],
      [],
    ]);
    const [left, count] = await tokens.list(ann.id, { limit: 10, offset: 0 });
    expect([left.map(({ id }) => id), count]).toEqual([[kept.token.id], 1]);
  });

  it('of the setting are made valid again by the next start, and tell what they are', async () => {
    await using first = await startApp({ ROLES: 'api' });
    expect((await first.call('DELETE', '/api/v1/user/1/token/')).status).toBe(204);
    expect((await first.call('GET', '/api/v1/user/')).status).toBe(401);

    await using second = await startApp({ ROLES: 'api' }, first.database);

    const { body } = await second.call('GET', '/api/v1/user/1/token/');
    expect(body.results).toMatchObject([{ label: 'SCHEDULER_ADMIN_TOKEN', prefix: null, expires_at: null }]);
  });
});
