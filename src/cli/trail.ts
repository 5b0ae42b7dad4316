import { hostname, userInfo } from 'node:os';
import type { INestApplicationContext } from '@nestjs/common';
import { type AuditEntry, AuditLog } from '../audit/audit-log.js';

/** Writes what an operator did to the audit log: every command that changes something does so here. */
export async function record(app: INestApplicationContext, entry: Omit<AuditEntry, 'actor' | 'source'>): Promise<void> {
  await app.get(AuditLog).record({ actor: { kind: 'cli' }, source: `${accountName()}@${hostname()}`, ...entry });
}

/** The account of this machine that runs the command. In a container it may have no name. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
