import type { Difference } from './difference.js';
import type { LegacyUser } from './legacy-database.js';
import type { LegacyPeople, LegacyTokenDigest, PlanContext } from './people.js';

/** Tokens are taken over but for those that nobody may use, there or here. */
export function planTokens({ tokens, users }: LegacyPeople, context: PlanContext): void {
  const { plan, differences } = context;
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

type TokenState = Exclude<keyof Difference, 'changed'>;

function tokenState(
  token: LegacyTokenDigest,
  user: LegacyUser | undefined,
  context: PlanContext,
): [TokenState, string?] {
  const { plan, here, isOverwriting } = context;
  const place = plan.users.get(token.user_id);
  if (!token.digest) return ['refused', 'is too short, or has characters that no header can carry'];
  if (!user || !place) return ['refused', 'its user is not taken'];
  const bearer = here.tokens.get(token.digest.toString('hex'));
  if (bearer !== undefined)
    return bearer === place.id ? ['unchanged'] : ['refused', 'is the token of another user here'];
  if (user.is_active === false) return ['leftOut', 'its user is not active: the replaced service refuses it too'];
  if (place.isMightierHere) return ['conflicts', 'its user is an admin here, and none there'];
  const isOlder = here.revokedAt !== null && (token.created === null || new Date(token.created) < here.revokedAt);
  if (!place.isNew && isOlder && !isOverwriting) {
    return ['conflicts', 'may have been revoked here: some token was since it was made'];
  }
  return ['added'];
}
