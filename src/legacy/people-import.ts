import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { digestOf } from '../auth/token-secret.js';
import type { ImportOptions } from './import-options.js';
import type { ImportReport } from './import-report.js';
import type { LegacyDatabase, LegacyToken } from './legacy-database.js';
import {
  hereKey,
  type ImportedPeople,
  type LegacyPeople,
  type LegacyTokenDigest,
  membershipKey,
  type NewUser,
  type PeopleHere,
  type PeoplePlan,
  type Place,
  type TokenHere,
  type UserIds,
  userKey,
} from './people.js';
import { planPeople } from './people-plan.js';
import {
  ADD_GROUPS,
  ADD_GROUPS_ANEW,
  ADD_MEMBERSHIPS,
  ADD_TOKENS,
  ADD_USERS,
  ADD_USERS_ANEW,
  advanceSequence,
  CHANGE_USERS,
  CHANGED_PEOPLE,
  END_MEMBERSHIPS,
  GROUPS_HERE,
  LAST_REVOCATION,
  LINKS_HERE,
  LOCK_PEOPLE,
  MEMBERSHIPS_HERE,
  NEW_SOURCE,
  RECORD_USERS,
  REVOKE_TOKENS,
  SOURCE_BY_SCHEDULES,
  SOURCE_BY_USERS,
  TOKENS_HERE,
  USERS_HERE,
} from './people.queries.js';

/** The address or name that was given names no active user, there or here; nothing was changed. */
export class UnknownOwnerError extends Error {}

interface Added {
  id: number;
  key: string;
}

/** Brings groups, users, memberships and tokens over, in one transaction. */
@Injectable()
export class PeopleImport {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  async run(database: LegacyDatabase, report: ImportReport, options: ImportOptions): Promise<ImportedPeople> {
    const legacy = await peopleOf(database);
    const scheduleIds = await database.someScheduleIds();
    return this.dataSource.transaction(async (manager) => {
      if (options.isApplying) await manager.query(LOCK_PEOPLE);
      const source = await sourceOf(legacy, scheduleIds, manager);
      const here = await peopleHere(source, manager);
      const { isOverwriting } = options;
      const plan = planPeople(legacy, here, { differences: report.differences, isOverwriting });
      const heir = heirOf(options.ownerOfOwnerless, { plan, here });
      if (options.isApplying) {
        await write(plan, manager);
        await record(source, legacy, plan, manager);
      }
      return { source, legacy, here, plan, users: idsOf(plan.users), heir: heir() };
    });
  }
}

async function peopleOf(legacy: LegacyDatabase): Promise<LegacyPeople> {
  const groups = await legacy.groups();
  const users = await legacy.users();
  const memberships = await legacy.memberships();
  return { groups, users, memberships, tokens: (await legacy.tokens()).map(digested) };
}

// 20 characters is what SCHEDULER_ADMIN_TOKEN must have too; those of the replaced service have 40.
const TOKEN = /^[\x21-\x7e]{20,}$/;

function digested({ key, user_id, created }: LegacyToken): LegacyTokenDigest {
  return { digest: TOKEN.test(key) ? digestOf(key) : null, user_id, created };
}

/**
 * Finds the user with an email address among those that are here or will be.
 *
 * @returns where that user is, to be asked once new users have their ids
 * @throws UnknownOwnerError
 */
function heirOf(
  email: string | null,
  { plan, here }: { plan: PeoplePlan; here: PeopleHere },
): () => ImportedPeople['heir'] {
  if (email === null) return () => null;
  const wanted = email.toLowerCase();
  const added = plan.newUsers.find((user) => user.email === wanted);
  if (added) {
    requireActive(added);
    return () => ({ id: plan.users.get(added.oldId)?.id ?? null, key: userKey(added.oldId, plan) });
  }
  const changed = new Map(plan.changedUsers.map((user) => [user.id, user]));
  const found = here.users.map((user) => changed.get(user.id) ?? user).find((user) => user.email === wanted);
  if (!found) throw new UnknownOwnerError(`no user is known as ${email}, there or here`);
  requireActive(found);
  return () => ({ id: found.id, key: hereKey(found.id) });
}

function requireActive({ email, isActive }: { email: string; isActive: boolean }): void {
  if (!isActive) throw new UnknownOwnerError(`the user ${email} is not active: choose one who can see the schedules`);
}

async function sourceOf({ users }: LegacyPeople, scheduleIds: string[], manager: EntityManager): Promise<number> {
  const find = async (sql: string, values: unknown[]) =>
    (await manager.query<{ source: number }[]>(sql, values))[0]?.source;
  const byUsers = [users.map(({ id }) => id), users.map(({ date_joined }) => date_joined)];
  const known = (await find(SOURCE_BY_USERS, byUsers)) ?? (await find(SOURCE_BY_SCHEDULES, [scheduleIds]));
  return known ?? (await find(NEW_SOURCE, [])) ?? 1;
}

async function peopleHere(source: number, manager: EntityManager): Promise<PeopleHere> {
  const memberships = await manager.query<{ user_id: number; group_id: number }[]>(MEMBERSHIPS_HERE);
  const tokens = await manager.query<(TokenHere & { digest: string })[]>(TOKENS_HERE);
  const links = await manager.query<{ oldId: number; id: number }[]>(LINKS_HERE, [source]);
  const changed = await manager.query<{ kind: string; id: number }[]>(CHANGED_PEOPLE);
  const [last] = await manager.query<{ at: Date | null }[]>(LAST_REVOCATION);
  const changedOf = (wanted: string) => new Set(changed.flatMap(({ kind, id }) => (kind === wanted ? [id] : [])));
  return {
    groups: await manager.query<PeopleHere['groups']>(GROUPS_HERE),
    users: await manager.query<PeopleHere['users']>(USERS_HERE, [source]),
    memberships: new Set(memberships.map(({ user_id, group_id }) => membershipKey(user_id, group_id))),
    tokens: new Map(tokens.map(({ digest, ...token }) => [digest, token])),
    links: new Map(links.map(({ oldId, id }) => [oldId, id])),
    changedUsers: changedOf('user'),
    changedGroups: changedOf('group'),
    revokedAt: last?.at ?? null,
  };
}

/** Gives the places of what is new their ids. */
async function write(plan: PeoplePlan, manager: EntityManager): Promise<void> {
  await addGroups(plan, manager);
  await addUsers(plan, manager);
  const { changedUsers, endedMemberships, newMemberships, newTokens, revokedTokens } = plan;
  const users = idsOf(plan.users);
  const groups = idsOf(plan.groups);
  await manager.query(CHANGE_USERS, [
    changedUsers.map(({ id }) => id),
    changedUsers.map(({ email }) => email),
    changedUsers.map(({ isAdmin }) => isAdmin),
    changedUsers.map(({ isActive }) => isActive),
  ]);
  await manager.query(ADD_MEMBERSHIPS, [
    newMemberships.map(({ user_id }) => users.get(user_id)),
    newMemberships.map(({ group_id }) => groups.get(group_id)),
  ]);
  const ended = [endedMemberships.map(({ userId }) => userId), endedMemberships.map(({ groupId }) => groupId)];
  await manager.query(END_MEMBERSHIPS, ended);
  await manager.query(ADD_TOKENS, [
    newTokens.map(({ digest }) => digest),
    newTokens.map(({ oldUserId }) => users.get(oldUserId)),
    newTokens.map(({ created }) => created),
  ]);
  await manager.query(REVOKE_TOKENS, [revokedTokens]);
}

/** So that the next import knows each user, whatever its name and address are by then. */
async function record(
  source: number,
  { users }: LegacyPeople,
  plan: PeoplePlan,
  manager: EntityManager,
): Promise<void> {
  const taken = users.filter(({ id }) => (plan.users.get(id)?.id ?? null) !== null);
  await manager.query(RECORD_USERS, [
    source,
    taken.map(({ id }) => id),
    taken.map(({ date_joined }) => date_joined),
    taken.map(({ id }) => plan.users.get(id)?.id),
  ]);
}

async function addGroups({ newGroups, groups }: PeoplePlan, manager: EntityManager): Promise<void> {
  const [kept, anew] = byIdKept(newGroups);
  const columns = [kept.map(({ id }) => id), kept.map(({ name }) => name)];
  const added = await manager.query<Added[]>(ADD_GROUPS, columns);
  await manager.query(advanceSequence('groups'));
  added.push(...(await manager.query<Added[]>(ADD_GROUPS_ANEW, [anew.map(({ name }) => name)])));
  settle(groups, added, new Map(newGroups.map(({ name, oldId }) => [name, oldId])));
}

async function addUsers({ newUsers, users }: PeoplePlan, manager: EntityManager): Promise<void> {
  const [kept, anew] = byIdKept(newUsers);
  const added = await manager.query<Added[]>(ADD_USERS, [...userColumns(kept), kept.map(({ id }) => id)]);
  await manager.query(advanceSequence('users'));
  added.push(...(await manager.query<Added[]>(ADD_USERS_ANEW, userColumns(anew))));
  settle(users, added, new Map(newUsers.map(({ email, oldId }) => [email, oldId])));
}

function userColumns(users: NewUser[]): unknown[][] {
  return [
    users.map(({ email }) => email),
    users.map(({ username }) => username),
    users.map(({ isAdmin }) => isAdmin),
    users.map(({ isActive }) => isActive),
    users.map(({ joined }) => joined),
  ];
}

function byIdKept<T extends { id: number | null }>(rows: T[]): [T[], T[]] {
  return [rows.filter(({ id }) => id !== null), rows.filter(({ id }) => id === null)];
}

function settle(places: Map<number, Place>, added: Added[], oldIds: Map<string, number>): void {
  for (const { id, key } of added) {
    const oldId = oldIds.get(key);
    if (oldId !== undefined) places.set(oldId, { id, isNew: true });
  }
}

function idsOf(places: Map<number, Place>): UserIds {
  return new Map([...places].map(([oldId, { id }]) => [oldId, id]));
}
