import { type LegacyPeople, membershipKey, type PlanContext } from './people.js';

/** Adds the missing ones, and ends those of users and groups from there that are only here. */
export function planMemberships({ groups, users, memberships }: LegacyPeople, context: PlanContext): void {
  const { plan, here, differences, isOverwriting } = context;
  const { membership } = differences;
  const names = new Map(users.map(({ id, username }) => [id, username]));
  const groupNames = new Map(groups.map(({ id, name }) => [id, name]));
  const isHis = (userId: number | null) => userId !== null && here.changedUsers.has(userId) && !isOverwriting;
  const kept = new Set<string>();
  for (const { user_id: oldUser, group_id: oldGroup } of memberships) {
    const user = plan.users.get(oldUser);
    const group = plan.groups.get(oldGroup);
    const name = `${names.get(oldUser) ?? '?'} in ${groupNames.get(oldGroup) ?? '?'}`;
    const finding = { id: membershipKey(oldUser, oldGroup), name };
    const key = user && group ? membershipKey(user.id ?? NaN, group.id ?? NaN) : '';
    if (key) kept.add(key);
    if (!user || !group) membership.leftOut.push({ ...finding, note: 'its user or its group is not taken' });
    else if (here.memberships.has(key)) membership.unchanged++;
    else if (isHis(user.id))
      membership.conflicts.push({ ...finding, note: 'the groups of this user were changed here' });
    else {
      plan.newMemberships.push({ user_id: oldUser, group_id: oldGroup });
      membership.added.push(finding);
    }
  }
  for (const [userId, groupId, name] of pairsHere(context, names, groupNames)) {
    if (kept.has(membershipKey(userId, groupId))) continue;
    endMembership({ userId, groupId }, name, isHis(userId), context);
  }
}

function endMembership(
  ended: { userId: number; groupId: number },
  name: string,
  isHis: boolean,
  { plan, differences }: PlanContext,
): void {
  const changes = { member: { before: true, after: false } };
  const finding = { id: membershipKey(ended.userId, ended.groupId), name, changes };
  if (isHis) {
    differences.membership.conflicts.push({ ...finding, note: 'the groups of this user were changed here' });
    return;
  }
  plan.endedMemberships.push(ended);
  differences.membership.changed.push(finding);
}

/** Memberships here of users and groups that the replaced service has both. */
function pairsHere(
  { plan, here }: PlanContext,
  names: Map<number, string>,
  groupNames: Map<number, string>,
): [number, number, string][] {
  const usersHere = new Map([...plan.users].map(([oldId, { id }]) => [id, names.get(oldId)]));
  const groupsHere = new Map([...plan.groups].map(([oldId, { id }]) => [id, groupNames.get(oldId)]));
  return [...here.memberships].flatMap((key) => {
    const [userId = NaN, groupId = NaN] = key.split('/').map(Number);
    const [user, group] = [usersHere.get(userId), groupsHere.get(groupId)];
    return user !== undefined && group !== undefined ? [[userId, groupId, `${user} in ${group}`]] : [];
  });
}
