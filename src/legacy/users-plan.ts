import type { Changes } from './difference.js';
import { type Name, namesOf } from './emails-of.js';
import type { LegacyUser } from './legacy-database.js';
import { type ChangedUser, type LegacyPeople, noteOfId, placeFor, type PlanContext, type UserHere } from './people.js';

/**
 * Finds each user of the replaced service here: by the record of an earlier import, otherwise by what it is known by,
 * unless that user here is one who was imported before.
 */
export function planUsers({ users }: LegacyPeople, context: PlanContext): void {
  const { here, plan, differences } = context;
  const byId = new Map(here.users.map((user) => [user.id, user]));
  const byEmail = new Map(here.users.map((user) => [user.email, user]));
  const taken = new Set(byId.keys());
  const linked = new Map<number, UserHere>();
  for (const [oldId, id] of here.links) {
    const user = byId.get(id);
    if (user) linked.set(oldId, user);
  }
  const names = namesOf(users, new Map([...linked].map(([oldId, { email }]) => [oldId, email])));
  const admins = new Set(here.users.filter(({ isAdmin, isActive }) => isAdmin && isActive).map(({ id }) => id));
  for (const user of users) {
    const name = names.get(user.id) as Name;
    const found = linked.get(user.id) ?? byEmail.get(name.email);
    if (found) {
      plan.users.set(user.id, { id: found.id, isNew: false });
      const isFree = !byEmail.has(name.email);
      const email = isFree ? name.email : found.email;
      const wanted = { id: found.id, email, isAdmin: isAdmin(user), isActive: isActive(user) };
      const note = isFree || name.email === found.email ? name.note : `${name.email} is another user here`;
      compareUser(user, { wanted, found, note, admins }, context);
      continue;
    }
    const id = placeFor(user.id, taken);
    plan.users.set(user.id, { id, isNew: true });
    const { username, date_joined: joined } = user;
    const state = { isAdmin: isAdmin(user), isActive: isActive(user) };
    plan.newUsers.push({ oldId: user.id, id, email: name.email, username, ...state, joined });
    const notes = [noteOfId(id).note, name.note, state.isActive ? undefined : 'is not active there: inactive here too'];
    const note = notes.filter(Boolean).join('; ');
    differences.user.added.push({ id: String(user.id), name: username, ...(note && { note }) });
  }
  planGone(users, { linked, admins }, context);
}

/** Users who came from there and are no longer there become inactive. */
function planGone(
  users: LegacyUser[],
  { linked, admins }: { linked: Map<number, UserHere>; admins: Set<number> },
  context: PlanContext,
): void {
  const there = new Set(users.map(({ id }) => id));
  for (const [oldId, found] of linked) {
    if (there.has(oldId) || found.isOfOthersToo) continue;
    const wanted = { ...found, isActive: false };
    const user = { id: oldId, username: found.email };
    compareUser(user, { wanted, found, note: 'is no longer there', admins, isGone: true }, context);
  }
}

interface Comparison {
  wanted: ChangedUser;
  found: UserHere;
  note: string | undefined;
  /** ids of the active admins here; one who is to be none any more is taken out */
  admins: Set<number>;
  isGone?: boolean;
}

function compareUser(
  { id, username }: Pick<LegacyUser, 'id' | 'username'>,
  { wanted, found, note, admins, isGone = false }: Comparison,
  { plan, differences, here, isOverwriting }: PlanContext,
): void {
  const changes = changesOf(wanted, found);
  if (!changes) {
    if (!isGone) differences.user.unchanged++;
    return;
  }
  const finding = { id: String(id), name: username, changes };
  const isOneLess = admins.has(found.id) && !(wanted.isAdmin && wanted.isActive);
  const isLastAdmin = isOneLess && admins.size === 1;
  const isChangedHere = here.changedUsers.has(found.id) && !isOverwriting && (changes.is_admin ?? changes.is_active);
  if (isChangedHere || isLastAdmin) {
    const reason = isChangedHere ? 'was changed here' : 'is the last active admin here';
    differences.user.conflicts.push({ ...finding, note: isGone ? `${note}; ${reason}` : reason });
    if (!isGone) plan.users.set(id, { id: found.id, isNew: false, isMightierHere: found.isAdmin && !wanted.isAdmin });
    return;
  }
  if (isOneLess) admins.delete(found.id);
  plan.changedUsers.push(wanted);
  differences.user.changed.push({ ...finding, ...(note !== undefined && { note }) });
}

function changesOf(wanted: ChangedUser, found: UserHere): Changes | null {
  const changes: Changes = {};
  if (wanted.email !== found.email) changes.email = { before: found.email, after: wanted.email };
  if (wanted.isAdmin !== found.isAdmin) changes.is_admin = { before: found.isAdmin, after: wanted.isAdmin };
  if (wanted.isActive !== found.isActive) changes.is_active = { before: found.isActive, after: wanted.isActive };
  return Object.keys(changes).length > 0 ? changes : null;
}

/** Users who are not active cannot call the replaced service, so they are no admins here either. */
function isAdmin(user: LegacyUser): boolean {
  return isActive(user) && (user.is_superuser === true || user.is_staff === true);
}

function isActive({ is_active }: LegacyUser): boolean {
  return is_active !== false;
}
