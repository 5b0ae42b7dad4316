import type { INestApplicationContext } from '@nestjs/common';
import { Command, Option } from 'nest-commander';
import { TokensService } from '../auth/tokens.service.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import { emailAddress, futureInstant, wholeNumber } from './arguments.js';
import { CliCommand, type PrintOptions } from './cli-command.js';
import { UsageError } from './faults.js';
import { Output } from './output.js';
import { Services } from './services.js';
import { record } from './trail.js';

const USER = '--user <id>';
const EXPIRES = '--expires <when>';
const MAX_LABEL = 100;

interface CreateTokenOptions extends PrintOptions {
  email?: string;
  user?: number;
  label?: string;
  expires?: Date;
}

@Command({ name: 'create-token', description: 'make an API token for a user; it alone is printed, this once' })
export class CreateTokenCommand extends CliCommand {
  constructor(
    private readonly services: Services,
    private readonly output: Output,
  ) {
    super();
  }

  override async run(_: string[], options: CreateTokenOptions): Promise<void> {
    const { label, expires } = options;
    const choice = userChoice(options);
    const { user, token, value } = await this.services.use(async (app) => {
      const owner = await userOf(choice, app);
      const issued = await app.get(TokensService).issue(owner, { label: label ?? null, expiresAt: expires ?? null });
      await record(app, { action: 'token.create', target: { kind: 'token', id: `${owner.id}/${issued.token.id}` } });
      return { user: owner, ...issued };
    });
    if (options.json) {
      const { id, prefix, expiresAt: expires_at } = token;
      return this.output.json({
        id,
        user: user.id,
        email: user.email,
        label: label ?? null,
        prefix,
        expires_at,
        token: value,
      });
    }
    const end = token.expiresAt ? `valid until ${token.expiresAt.toISOString()}, ` : '';
    this.output.note(`Token ${token.id} of ${user.email}, ${end}shown only this once:`);
    this.output.line(value);
  }

  @Option({ flags: '--email <address>', description: 'of the user, who is made when there is none' })
  email(value: string): string {
    return emailAddress(value);
  }

  @Option({ flags: USER, description: 'id of the user, instead' })
  user(value: string): number {
    return wholeNumber(value, 1, USER);
  }

  @Option({ flags: '--label <text>', description: 'what it is for' })
  label(value: string): string {
    if (value.length < 1 || value.length > MAX_LABEL) throw new UsageError(`a label has 1 to ${MAX_LABEL} characters`);
    return value;
  }

  @Option({ flags: EXPIRES, description: 'an instant as in 2027-01-31T08:00:00Z, or from now on as in 90d, 12h, 30m' })
  expires(value: string): Date {
    return futureInstant(value, EXPIRES, new Date());
  }
}

type UserChoice = { email: string } | { user: number };

function userChoice({ email, user }: CreateTokenOptions): UserChoice {
  if (email !== undefined && user === undefined) return { email };
  if (user !== undefined && email === undefined) return { user };
  throw new UsageError(`one of --email <address> and ${USER} is needed`);
}

function userOf(choice: UserChoice, app: INestApplicationContext): Promise<User> {
  const users = app.get(UsersService);
  return 'email' in choice ? users.findOrCreate(choice.email) : users.get(choice.user);
}
