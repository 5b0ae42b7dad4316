import { text } from 'node:stream/consumers';
import { Command, Option } from 'nest-commander';
import { type TokenChoice, TokensService } from '../auth/tokens.service.js';
import { CliCommand, type PrintOptions } from './cli-command.js';
import { Obstacle, UsageError } from './faults.js';
import { Output } from './output.js';
import { Services } from './services.js';
import { record } from './trail.js';

const CHOICES = "a token's id, --prefix <digits>, or --stdin";

interface RevokeTokenOptions extends PrintOptions {
  prefix?: string;
  stdin?: boolean;
}

// A value is taken from stdin only: arguments can be seen by every account of the machine, and stay in histories. What
// may be one by mistake is not repeated in a message.
@Command({ name: 'revoke-token', arguments: '[id]', description: 'revoke an API token; refused everywhere within 3 s' })
export class RevokeTokenCommand extends CliCommand {
  constructor(
    private readonly services: Services,
    private readonly output: Output,
  ) {
    super();
  }

  override async run([id]: string[], options: RevokeTokenOptions): Promise<void> {
    const choice = await choiceOf(id, options);
    const revoked = await this.services.use(async (app) => {
      const gone = await app.get(TokensService).revoke(choice);
      for (const { id: token, userId } of gone) {
        await record(app, { action: 'token.revoke', target: { kind: 'token', id: `${userId}/${token}` } });
      }
      return gone;
    });
    if (revoked.length === 0) throw new Obstacle('there is no such token');
    const rows = revoked.map(({ id: token, userId: user, label, prefix }) => ({ token, user, label, prefix }));
    this.output.rows(rows, options);
  }

  @Option({ flags: '--prefix <digits>', description: 'the first 8 digits of the token' })
  prefix(value: string): string {
    if (!/^[0-9a-f]{8}$/.test(value)) throw new UsageError('a prefix has 8 hex digits');
    return value;
  }

  @Option({ flags: '--stdin', description: 'read the token itself from standard input' })
  stdin(): boolean {
    return true;
  }
}

async function choiceOf(id: string | undefined, { prefix, stdin }: RevokeTokenOptions): Promise<TokenChoice> {
  if ([id, prefix, stdin].filter((given) => given !== undefined).length !== 1) {
    throw new UsageError(`give one of ${CHOICES}`);
  }
  if (prefix !== undefined) return { prefix };
  if (id === undefined) return { value: (await text(process.stdin)).trim() };
  if (!/^\d{1,9}$/.test(id)) throw new UsageError(`that is no token's id; give ${CHOICES}`);
  return { id: Number(id) };
}
