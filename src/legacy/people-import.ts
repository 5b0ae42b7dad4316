import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { digestOf } from '../auth/token-secret.js';
import type { ImportOptions } from './import-options.js';
import type { Differences } from './difference.js';
import type { LegacyDatabase, LegacyToken } from './legacy-database.js';
import {
  type LegacyPeople,
  type LegacyTokenDigest,
  membershipKey,
  type NewUser,
  type PeopleHere,
  type PeoplePlan,
  type Place,
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
  CHANGED_PEOPLE,
  END_MEMBERSHIPS,
  GROUPS_HERE,
  LAST_REVOCATION,
  LOCK_PEOPLE,
  MEMBERSHIPS_HERE,
  SET_ADMINS,
  TOKENS_HERE,
  USERS_HERE,
} from './people.queries.js';

/** Users' ids here, by their ids in the replaced service; null for one that would get a new id. */
export type UserIds = Map<number, number | null>;

interface Added {
  id: number;
  key: string;
}

/** Brings groups, users, memberships and tokens over, in one transaction. */
@Injectable()
export class PeopleImport {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  async run(legacy: LegacyDatabase, differences: Differences, options: ImportOptions): Promise<UserIds> {
    const people = await peopleOf(legacy);
    return this.dataSource.transaction(async (manager) => {
      if (options.isApplying) await manager.query(LOCK_PEOPLE);
      const { isOverwriting } = options;
      const plan = planPeople(people, await peopleHere(manager), { differences, isOverwriting });
      if (options.isApplying) await write(plan, manager);
      return idsOf(plan.users);
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

async function peopleHere(manager: EntityManager): Promise<PeopleHere> {
  const memberships = await manager.query<{ user_id: number; group_id: number }[]>(MEMBERSHIPS_HERE);
  const tokens = await manager.query<{ digest: string; user_id: number }[]>(TOKENS_HERE);
  const changed = await manager.query<{ kind: string; id: number }[]>(CHANGED_PEOPLE);
  const [last] = await manager.query<{ at: Date | null }[]>(LAST_REVOCATION);
  const changedOf = (wanted: string) => new Set(changed.flatMap(({ kind, id }) => (kind === wanted ? [id] : [])));
  return {
    groups: await manager.query<PeopleHere['groups']>(GROUPS_HERE),
    users: await manager.query<PeopleHere['users']>(USERS_HERE),
    memberships: new Set(memberships.map(({ user_id, group_id }) => membershipKey(user_id, group_id))),
    tokens: new Map(tokens.map(({ digest, user_id }) => [digest, user_id])),
    changedUsers: changedOf('user'),
    changedGroups: changedOf('group'),
    revokedAt: last?.at ?? null,
  };
}

/** Gives the places of what is new their ids. */
async function write(plan: PeoplePlan, manager: EntityManager): Promise<void> {
  await addGroups(plan, manager);
  await addUsers(plan, manager);
  const { admins, endedMemberships, newMemberships, newTokens } = plan;
  const users = idsOf(plan.users);
  const groups = idsOf(plan.groups);
  await manager.query(SET_ADMINS, [admins.map(({ id }) => id), admins.map((admin) => admin.isAdmin)]);
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
