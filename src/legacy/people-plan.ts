import type { Differences } from './difference.js';
import { planMemberships } from './memberships-plan.js';
import { type LegacyPeople, noteOfId, type PeopleHere, type PeoplePlan, placeFor, type PlanContext } from './people.js';
import { planTokens } from './tokens-plan.js';
import { planUsers } from './users-plan.js';

/** What has to be done to have the people of the replaced service here; says so in `differences`. */
export function planPeople(
  legacy: LegacyPeople,
  here: PeopleHere,
  { differences, isOverwriting }: { differences: Differences; isOverwriting: boolean },
): PeoplePlan {
  const plan: PeoplePlan = {
    ...{ groups: new Map(), users: new Map(), newGroups: [], newUsers: [], changedUsers: [] },
    ...{ newMemberships: [], endedMemberships: [], newTokens: [], revokedTokens: [] },
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
