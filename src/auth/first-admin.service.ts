import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { AuditLog } from '../audit/audit-log.js';
import { CONFIG, type Config } from '../config/config.js';
import { standardOutput } from '../logging/standard-output.js';
import { UsersService } from '../users/users.service.js';
import { TokensService } from './tokens.service.js';

// Serialises replicas that start together on an empty database, so that one admin is made and one token shown.
const LOCK_FIRST_START = `SELECT pg_advisory_xact_lock(hashtext('seed-scheduler first admin'))`;

/** Makes sure that somebody can call the API: makes the first admin, and prints its token once. */
@Injectable()
export class FirstAdmin implements OnApplicationBootstrap {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly users: UsersService,
    private readonly tokens: TokensService,
    private readonly audit: AuditLog,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { email, token } = this.config.admin;
    await this.dataSource.transaction(async (manager) => {
      await manager.query(LOCK_FIRST_START);
      const [{ exists }] = await manager.query<[{ exists: boolean }]>(
        'SELECT EXISTS (SELECT FROM tokens t JOIN users u ON u.id = t.user_id WHERE u.is_admin AND u.is_active)',
      );
      if (exists && !token) return;
      const { admin, isChanged } = await this.users.makeAdmin(email);
      let isNew = true;
      if (token) isNew = await this.tokens.adopt(admin, token, 'SCHEDULER_ADMIN_TOKEN');
      else announce(email, (await this.tokens.issue(admin, { label: 'first start' })).value);
      const target = { kind: 'user', id: admin.id };
      if (isNew || isChanged) await this.audit.record({ actor: { kind: 'system' }, action: 'admin.create', target });
    });
  }
}

/** Printed rather than logged: it is for the person at the terminal, once, and not for a log store. */
function announce(email: string, token: string): void {
  standardOutput.write(
    `\n  First start: admin ${email} was made. Its API token, shown only this once:\n\n    ${token}\n\n`,
  );
}
