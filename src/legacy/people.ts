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
