import { isEmail } from 'class-validator';
import type { Difference, Differences } from './difference.js';
import type { LegacyGroup, LegacyMembership, LegacyUser } from './legacy-database.js';

/** A token of the replaced service, of which nothing but the digest goes on; null for one that is no token. */
export interface LegacyTokenDigest {
  digest: Buffer | null;
  user_id: number;
  created: string | null;
}

/** All of the replaced service that is about people. */
export interface LegacyPeople {
  groups: LegacyGroup[];
  users: LegacyUser[];
  memberships: LegacyMembership[];
  tokens: LegacyTokenDigest[];
}

/** What this service has of the same. */
export interface PeopleHere {
  groups: { id: number; name: string }[];
  users: { id: number; email: string; isAdmin: boolean }[];
  /** as `membershipKey` writes them */
  memberships: Set<string>;
  /** user by digest, in hexadecimal */
  tokens: Map<string, number>;
  /** ids of what was changed or removed by somebody here */
  changedUsers: Set<number>;
  changedGroups: Set<number>;
  /** when the last import ended; null before the first */
  importedAt: Date | null;
}

/** Where a row is here; `id` null: it gets one when it is added. */
export interface Place {
  id: number | null;
  isNew: boolean;
}

export interface NewGroup {
  oldId: number;
  id: number | null;
  name: string;
}

export interface NewUser {
  oldId: number;
  id: number | null;
  email: string;
  username: string;
  isAdmin: boolean;
  joined: string | null;
}

/** What is to be written. Users and groups are named by their old ids, since new ones may have none yet. */
export interface PeoplePlan {
  groups: Map<number, Place>;
  users: Map<number, Place>;
  newGroups: NewGroup[];
  newUsers: NewUser[];
  admins: { id: number; isAdmin: boolean }[];
  newMemberships: LegacyMembership[];
  endedMemberships: { userId: number; groupId: number }[];
  newTokens: { digest: Buffer; oldUserId: number; created: string | null }[];
}

interface Context {
  here: PeopleHere;
  plan: PeoplePlan;
  differences: Differences;
  /** takes what was changed here too */
  isOverwriting: boolean;
}

export function membershipKey(userId: number, groupId: number): string {
  return `${userId}/${groupId}`;
}

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

function planGroups({ groups }: LegacyPeople, { here, plan, differences, isOverwriting }: Context): void {
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

function planUsers({ users }: LegacyPeople, context: Context): void {
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

function compareUser(user: LegacyUser, found: PeopleHere['users'][number], context: Context): void {
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
    return;
  }
  plan.admins.push({ id: found.id, isAdmin: wanted });
  differences.user.changed.push(finding);
}

function planMemberships({ groups, users, memberships }: LegacyPeople, context: Context): void {
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
    if (!user || !group) membership.leftOut.push({ ...finding, note: 'its user or its group is not taken' });
    else if (kept.add(key) && here.memberships.has(key)) membership.unchanged++;
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
  { plan, differences }: Context,
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
  { plan, here }: Context,
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

function planTokens({ tokens, users }: LegacyPeople, context: Context): void {
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

function tokenState(token: LegacyTokenDigest, user: LegacyUser | undefined, context: Context): [TokenState, string?] {
  const { plan, here, isOverwriting } = context;
  const place = plan.users.get(token.user_id);
  if (!token.digest) return ['refused', 'is too short, or has characters that no header can carry'];
  if (!user || !place) return ['refused', 'its user is not taken'];
  const bearer = here.tokens.get(token.digest.toString('hex'));
  if (bearer !== undefined)
    return bearer === place.id ? ['unchanged'] : ['refused', 'is the token of another user here'];
  if (user.is_active === false) return ['leftOut', 'its user is not active: the replaced service refuses it too'];
  const isOlder = here.importedAt !== null && (token.created === null || new Date(token.created) < here.importedAt);
  if (!place.isNew && isOlder && !isOverwriting) {
    return ['conflicts', 'was revoked here since the last import, or its user was not active then'];
  }
  return ['added'];
}

/** Users who are not active cannot call the replaced service, so they are no admins here either. */
function isAdmin({ is_superuser, is_staff, is_active }: LegacyUser): boolean {
  return is_active !== false && (is_superuser === true || is_staff === true);
}

/**
 * What each user is known by here. Clients of the replaced service name users by an email address that is the username,
 * so that comes first; then the address that stands beside the username; then the username, whatever it is.
 */
function emailsOf(users: LegacyUser[]): Map<number, string> {
  const emails = new Map<number, string>();
  const claimed = new Set<string>();
  const claim = (candidateOf: (user: LegacyUser) => string | null) => {
    for (const user of users) {
      const candidate = emails.has(user.id) ? null : candidateOf(user);
      if (!candidate || claimed.has(candidate)) continue;
      claimed.add(candidate);
      emails.set(user.id, candidate);
    }
  };
  claim(({ username }) => addressIn(username));
  claim(({ email }) => addressIn(email));
  claim(({ username }) => username.trim().toLowerCase());
  return emails;
}

function addressIn(text: string | null): string | null {
  const address = text?.trim().toLowerCase() ?? '';
  return isEmail(address, { require_tld: false }) ? address : null;
}

/** The old id, if it is free: clients hold URLs with it. */
function placeFor(oldId: number, taken: Set<number>): number | null {
  return taken.has(oldId) || oldId < 1 ? null : oldId;
}

function noteOfId(id: number | null): { note?: string } {
  return id === null ? { note: 'its id is taken here: it gets another one' } : {};
}
