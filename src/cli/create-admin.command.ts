import { Command, Option } from 'nest-commander';
import { UsersService } from '../users/users.service.js';
import { TokensService } from '../auth/tokens.service.js';
import { CliCommand, type PrintOptions } from './cli-command.js';
import { emailAddress, required } from './arguments.js';
import { Output } from './output.js';
import { Services } from './services.js';
import { record } from './trail.js';

interface CreateAdminOptions extends PrintOptions {
  email?: string;
}

@Command({
  name: 'create-admin',
  description: 'make an admin, or a user into one, with a new token; activates the user',
})
export class CreateAdminCommand extends CliCommand {
  constructor(
    private readonly services: Services,
    private readonly output: Output,
  ) {
    super();
  }

  override async run(_: string[], options: CreateAdminOptions): Promise<void> {
    const email = required(options.email, '--email <address>');
    const { user, token } = await this.services.use(async (app) => {
      const { admin } = await app.get(UsersService).makeAdmin(email);
      const { value } = await app.get(TokensService).issue(admin);
      await record(app, { action: 'admin.create', target: { kind: 'user', id: admin.id } });
      return { user: admin, token: value };
    });
    if (options.json) return this.output.json({ user: user.id, email: user.email, token });
    this.output.note(`Token of admin ${user.email}, shown only this once:`);
    this.output.line(token);
  }

  @Option({ flags: '--email <address>', description: 'of the admin' })
  email(value: string): string {
    return emailAddress(value);
  }
}
