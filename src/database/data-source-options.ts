import type { DataSourceOptions, EntitySchema, MixedList } from 'typeorm';
import { RESULT_TYPES } from './instants.js';
import { InitialSchema1764000000000 } from './migrations/1764000000000-initial-schema.js';
import { CatchUpAndOverlap1764000000001 } from './migrations/1764000000001-catch-up-and-overlap.js';
import { ScheduleCounts1764000000002 } from './migrations/1764000000002-schedule-counts.js';
import { DeliveryQueue1764000000003 } from './migrations/1764000000003-delivery-queue.js';
import { TokenDetails1764000000004 } from './migrations/1764000000004-token-details.js';
import { Ownership1764000000005 } from './migrations/1764000000005-ownership.js';
import { SigningSecrets1764000000006 } from './migrations/1764000000006-signing-secrets.js';
import { AuditLog1764000000007 } from './migrations/1764000000007-audit-log.js';
import { SecretKeys1764000000008 } from './migrations/1764000000008-secret-keys.js';
import { ResentRequests1764000000009 } from './migrations/1764000000009-resent-requests.js';
import { InactiveUsers1764000000010 } from './migrations/1764000000010-inactive-users.js';
import { FiringFaults1764000000011 } from './migrations/1764000000011-firing-faults.js';
import { ServiceClient } from './service-client.js';

const MIGRATIONS = [
  InitialSchema1764000000000,
  CatchUpAndOverlap1764000000001,
  ScheduleCounts1764000000002,
  DeliveryQueue1764000000003,
  TokenDetails1764000000004,
  Ownership1764000000005,
  SigningSecrets1764000000006,
  AuditLog1764000000007,
  SecretKeys1764000000008,
  ResentRequests1764000000009,
  InactiveUsers1764000000010,
  FiringFaults1764000000011,
];

type Entities = MixedList<string | (abstract new () => unknown) | EntitySchema>;

/** A replica's, at most; it listens on one more. */
export const CONNECTIONS_OF_DATA_SOURCE = 20;
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 9_000;
const LOCK_TIMEOUT_MS = 5_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000;
/** Longer than any statement may take: the reply was lost, and with it the connection. */
const SILENCE_TIMEOUT_MS = 10_000;

/** What every connection has: it gives up rather than hang, and its session is as our statements need it. */
export const IMPATIENCE = {
  connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  query_timeout: SILENCE_TIMEOUT_MS,
  statement_timeout: STATEMENT_TIMEOUT_MS,
  lock_timeout: LOCK_TIMEOUT_MS,
  idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
  keepAlive: true,
  types: RESULT_TYPES,
  Client: ServiceClient,
};

/** @param entities those of the rooms; listed by them, since a glob would miss what is not loaded yet */
export function dataSourceOptions(url: string, entities?: Entities): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    entities: entities as DataSourceOptions['entities'],
    migrations: MIGRATIONS,
    migrationsTransactionMode: 'all',
    uuidExtension: 'pgcrypto',
    installExtensions: false,
    applicationName: 'seed-scheduler',
    poolSize: CONNECTIONS_OF_DATA_SOURCE,
    extra: IMPATIENCE,
  };
}
