import type { Differences } from './difference.js';
import { emailsOf } from './emails-of.js';
import type { LegacyUser } from './legacy-database.js';
import { planMemberships } from './memberships-plan.js';
import type { LegacyPeople, PeopleHere, PeoplePlan, PlanContext } from './people.js';
import { planTokens } from './tokens-plan.js';

/** What has to be done to have the people of the replaced service here; says so in `differences`. */
export function planPeople(
  legacy: LegacyPeople,
  here: PeopleHere,
  { differences, isOverwriting }: { differences: Differences; isOverwriting: boolean },
): PeoplePlan {
  const plan: PeoplePlan = {
    ...{ groups: new Map(), users: new Map(), newGroups: [], newUsers: [], admins: [] },
    ...{ newMemberships: [], endedMemberships: [], newTokens: [] },
  };
  const context = { here, plan, differences, isOverwriting };
  planGroups(legacy, context);
  planUsers(legacy, context);
  planMemberships(legacy, context);
  planTokens(legacy, context);
  return plan;
}

function planGroups({ groups }: LegacyPeople, { here, plan, differences, isOverwriting }: PlanContext): void {
  const idsByName = new Map(here.groups.map(({ id, name }) => [name, id]));
  const taken = new Set(here.groups.map(({ id }) => id));
  for (const { id: oldId, name } of groups) {
    const found = idsByName.get(name);
    const finding = { id: String(oldId), name };
    if (found !== undefined) {
      differences.group.unchanged++;
      plan.groups.set(oldId, { id: found, isNew: false });
    } else if (here.changedGroups.has(oldId) && !isOverwriting) {
      differences.group.conflicts.push({ ...finding, note: 'was renamed or removed here' });
    } else {
      const id = placeFor(oldId, taken);
      plan.groups.set(oldId, { id, isNew: true });
      plan.newGroups.push({ oldId, id, name });
      differences.group.added.push({ ...finding, ...noteOfId(id) });
    }
  }
}

function planUsers({ users }: LegacyPeople, context: PlanContext): void {
  const { here, plan, differences } = context;
  const byEmail = new Map(here.users.map((user) => [user.email, user]));
  const taken = new Set(here.users.map(({ id }) => id));
  const emails = emailsOf(users);
  for (const user of users) {
    const email = emails.get(user.id);
    const finding = { id: String(user.id), name: user.username };
    if (email === undefined) {
      differences.user.refused.push({ ...finding, note: 'has a name that another user has too, but for its case' });
      continue;
    }
    const found = byEmail.get(email);
    if (found) {
      plan.users.set(user.id, { id: found.id, isNew: false });
      compareUser(user, found, context);
      continue;
    }
    const id = placeFor(user.id, taken);
    plan.users.set(user.id, { id, isNew: true });
    const { username, date_joined: joined } = user;
    plan.newUsers.push({ oldId: user.id, id, email, username, isAdmin: isAdmin(user), joined });
    differences.user.added.push({ ...finding, ...noteOfId(id) });
  }
}

function compareUser(user: LegacyUser, found: PeopleHere['users'][number], context: PlanContext): void {
  const { plan, differences, here, isOverwriting } = context;
  const wanted = isAdmin(user);
  if (wanted === found.isAdmin) {
    differences.user.unchanged++;
    return;
  }
  const changes = { is_admin: { before: found.isAdmin, after: wanted } };
  const finding = { id: String(user.id), name: user.username, changes };
  if (here.changedUsers.has(found.id) && !isOverwriting) {
    differences.user.conflicts.push({ ...finding, note: 'was changed here' });
    plan.users.set(user.id, { id: found.id, isNew: false, isMightierHere: found.isAdmin });
    return;
  }
  plan.admins.push({ id: found.id, isAdmin: wanted });
  differences.user.changed.push(finding);
}

/** Users who are not active cannot call the replaced service, so they are no admins here either. */
function isAdmin({ is_superuser, is_staff, is_active }: LegacyUser): boolean {
  return is_active !== false && (is_superuser === true || is_staff === true);
}

/** The old id, if it is free: clients hold URLs with it. */
function placeFor(oldId: number, taken: Set<number>): number | null {
  return taken.has(oldId) || oldId < 1 ? null : oldId;
}

function noteOfId(id: number | null): { note?: string } {
  return id === null ? { note: 'its id is taken here: it gets another one' } : {};
}
