import { hereKey, type ImportedPeople, membershipKey, type PeopleHere, type PeoplePlan, userKey } from './people.js';

/** How many of the imported schedules a user sees. */
export interface Visible {
  id: string;
  user: string;
  /** in the replaced service, where every user saw all */
  there: number;
  /** here, with SCHEDULE_VISIBILITY=group */
  group: number;
}

/** How many imported schedules each user owns here, by `userKey` or `hereKey`; null: no user. */
export type Owned = Map<string | null, number>;

/** Returns what each active user of the replaced service sees, those who lose sight of most first. */
export function visibleTo({ legacy, plan, here }: ImportedPeople, owned: Owned, total: number): Visible[] {
  const taken = [...owned.values()].reduce((sum, count) => sum + count, 0);
  const { groupsOf, membersOf } = finalMemberships(plan, here);
  // Users of the same groups see the same schedules.
  const seenByGroups = new Map<string, number>();
  const admins = adminKeys(plan, here);
  const seenBy = (key: string): number => {
    if (admins.has(key)) return taken;
    const groups = [...(groupsOf.get(key) ?? [])].sort();
    if (groups.length === 0) return owned.get(key) ?? 0;
    const cacheKey = groups.join();
    const cached = seenByGroups.get(cacheKey);
    if (cached !== undefined) return cached;
    const members = new Set(groups.flatMap((group) => membersOf.get(group) ?? []));
    const seen = [...members].reduce((sum, member) => sum + (owned.get(member) ?? 0), 0);
    seenByGroups.set(cacheKey, seen);
    return seen;
  };
  return legacy.users
    .filter(({ id, is_active }) => is_active !== false && plan.users.has(id))
    .map(({ id, username }) => ({
      id: String(id),
      user: username,
      there: total,
      group: seenBy(userKey(id, plan)),
    }))
    .sort((a, b) => a.group - b.group || Number(a.id) - Number(b.id));
}

function adminKeys(plan: PeoplePlan, here: PeopleHere): Set<string> {
  const admins = new Set(here.users.filter(({ isAdmin }) => isAdmin).map(({ id }) => hereKey(id)));
  for (const { id, isAdmin } of plan.changedUsers) {
    if (isAdmin) admins.add(hereKey(id));
    else admins.delete(hereKey(id));
  }
  for (const { oldId, isAdmin } of plan.newUsers) if (isAdmin) admins.add(userKey(oldId, plan));
  return admins;
}

function finalMemberships(
  plan: PeoplePlan,
  here: PeopleHere,
): { groupsOf: Map<string, Set<string>>; membersOf: Map<string, string[]> } {
  const groupsOf = new Map<string, Set<string>>();
  const membersOf = new Map<string, string[]>();
  const join = (user: string, group: string) => {
    groupsOf.set(user, (groupsOf.get(user) ?? new Set()).add(group));
    const members = membersOf.get(group) ?? [];
    members.push(user);
    membersOf.set(group, members);
  };
  const ended = new Set(plan.endedMemberships.map(({ userId, groupId }) => membershipKey(userId, groupId)));
  for (const key of here.memberships) {
    const [user = '', group = ''] = key.split('/');
    if (!ended.has(key)) join(hereKey(Number(user)), hereKey(Number(group)));
  }
  for (const { user_id, group_id } of plan.newMemberships) {
    const group = plan.groups.get(group_id)?.id ?? null;
    join(userKey(user_id, plan), group === null ? `there ${group_id}` : hereKey(group));
  }
  return { groupsOf, membersOf };
}
