import type { LegacyUser } from './legacy-database.js';
import type { LegacyPeople, LegacyTokenDigest, PlanContext } from './people.js';

/** Tokens are taken over but for those that nobody may use, there or here; imported ones that are gone there, revoked. */
export function planTokens({ tokens, users }: LegacyPeople, context: PlanContext): void {
  const { plan, differences } = context;
  planRevocations(tokens, users, context);
  const byId = new Map(users.map((user) => [user.id, user]));
  for (const token of tokens) {
    const user = byId.get(token.user_id);
    const finding = { id: String(token.user_id), name: `of ${user?.username ?? 'nobody'}` };
    const [state, note] = tokenState(token, user, context);
    if (state === 'unchanged') differences.token.unchanged++;
    else differences.token[state].push(note === undefined ? finding : { ...finding, note });
    const { digest, user_id: oldUserId, created } = token;
    if (state === 'added' && digest) plan.newTokens.push({ digest, oldUserId, created });
  }
}

function planRevocations(
  tokens: LegacyTokenDigest[],
  users: LegacyUser[],
  { here, plan, differences }: PlanContext,
): void {
  const there = new Set(tokens.map(({ digest }) => digest?.toString('hex')));
  const names = new Map(users.map(({ id, username }) => [id, username]));
  const usersHere = new Map(here.users.map((user) => [user.id, user]));
  const oldIds = new Map([...here.links].map(([oldId, id]) => [id, oldId]));
  for (const [digest, { id, userId, isImported }] of here.tokens) {
    const oldId = oldIds.get(userId);
    const user = usersHere.get(userId);
    if (!isImported || there.has(digest) || oldId === undefined || !user || user.isOfOthersToo) continue;
    plan.revokedTokens.push(id);
    const name = `of ${names.get(oldId) ?? user.email}`;
    differences.token.removed.push({ id: String(oldId), name, note: 'is no longer there' });
  }
}

type TokenState = 'added' | 'unchanged' | 'leftOut' | 'conflicts' | 'refused';

function tokenState(
  token: LegacyTokenDigest,
  user: LegacyUser | undefined,
  context: PlanContext,
): [TokenState, string?] {
  const { plan, here, isOverwriting } = context;
  const place = plan.users.get(token.user_id);
  if (!token.digest) return ['refused', 'is too short, or has characters that no header can carry'];
  if (!user || !place) return ['refused', 'its user is not taken'];
  const known = here.tokens.get(token.digest.toString('hex'));
  if (known !== undefined)
    return known.userId === place.id ? ['unchanged'] : ['refused', 'is the token of another user here'];
  if (user.is_active === false) return ['leftOut', 'its user is not active: the replaced service refuses it too'];
  if (place.isMightierHere) return ['conflicts', 'its user is an admin here, and none there'];
  const isOlder = here.revokedAt !== null && (token.created === null || new Date(token.created) < here.revokedAt);
  if (!place.isNew && isOlder && !isOverwriting) {
    return ['conflicts', 'may have been revoked here: some token was since it was made'];
  }
  return ['added'];
}
