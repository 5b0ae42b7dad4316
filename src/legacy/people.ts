import type { Differences } from './difference.js';
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

export interface UserHere {
  id: number;
  email: string;
  isAdmin: boolean;
  isActive: boolean;
  /** came from another replaced service too, which this import knows nothing of */
  isOfOthersToo: boolean;
}

export interface TokenHere {
  id: number;
  userId: number;
  isImported: boolean;
}

/** What this service has of the same. */
export interface PeopleHere {
  groups: { id: number; name: string }[];
  users: UserHere[];
  /** as `membershipKey` writes them */
  memberships: Set<string>;
  /** by digest, in hexadecimal */
  tokens: Map<string, TokenHere>;
  /** id here of users who were imported before, by their ids there */
  links: Map<number, number>;
  /** ids of what was changed or removed by somebody here */
  changedUsers: Set<number>;
  changedGroups: Set<number>;
  /** when a token, whichever, was last revoked here since the first import; null for never */
  revokedAt: Date | null;
}

/** Where a row is here; `id` null: it gets one when it is added. */
export interface Place {
  id: number | null;
  isNew: boolean;
  /** the user is an admin here and stays one, and was none there: who holds its old token must not become one */
  isMightierHere?: boolean;
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
  isActive: boolean;
  joined: string | null;
}

/** A user here as it is to be. */
export interface ChangedUser {
  id: number;
  email: string;
  isAdmin: boolean;
  isActive: boolean;
}

/** What is to be written. Users and groups are named by their old ids, since new ones may have none yet. */
export interface PeoplePlan {
  groups: Map<number, Place>;
  users: Map<number, Place>;
  newGroups: NewGroup[];
  newUsers: NewUser[];
  changedUsers: ChangedUser[];
  newMemberships: LegacyMembership[];
  endedMemberships: { userId: number; groupId: number }[];
  newTokens: { digest: Buffer; oldUserId: number; created: string | null }[];
  /** ids here */
  revokedTokens: number[];
}

/** Users' ids here, by their ids in the replaced service; null for one that would get a new id. */
export type UserIds = Map<number, number | null>;

/** People as they are here after an import, or would be. */
export interface ImportedPeople {
  /** numbers the database that is imported from among those that were */
  source: number;
  legacy: LegacyPeople;
  here: PeopleHere;
  plan: PeoplePlan;
  users: UserIds;
  /** the user who gets schedules without a creator; its id is null while it is to be added */
  heir: { id: number | null; key: string } | null;
}

/** What a part of the plan is made with. */
export interface PlanContext {
  here: PeopleHere;
  plan: PeoplePlan;
  differences: Differences;
  /** takes what was changed here too */
  isOverwriting: boolean;
}

export function membershipKey(userId: number, groupId: number): string {
  return `${userId}/${groupId}`;
}

/** Names a user of the replaced service by its id here, or by its old one while it has none. */
export function userKey(oldId: number, { users }: PeoplePlan): string {
  const id = users.get(oldId)?.id ?? null;
  return id === null ? `there ${oldId}` : hereKey(id);
}

/** Names a user of this service. */
export function hereKey(id: number): string {
  return `here ${id}`;
}

/** The old id, if it is free: clients hold URLs with it. */
export function placeFor(oldId: number, taken: Set<number>): number | null {
  return taken.has(oldId) || oldId < 1 ? null : oldId;
}

export function noteOfId(id: number | null): { note?: string } {
  return id === null ? { note: 'its id is taken here: it gets another one' } : {};
}
