import { Body, Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AdminOnly } from '../http/access.decorators.js';
import { ApiAnswers } from '../http/api-answers.decorator.js';
import { Audited, type Exchange } from '../http/audited.decorator.js';
import { InactiveUserError, InvalidInputError } from '../http/domain-error.js';
import { UsersService } from '../users/users.service.js';
import { TokenDto, TokenRequestDto } from './auth.dto.js';
import { TokensService } from './tokens.service.js';

@ApiTags('Users and groups')
@Controller('api/v1/user/token')
export class AuthController {
  constructor(
    private readonly users: UsersService,
    private readonly tokens: TokensService,
  ) {}

  /**
   * Create a token by email address
   *
   * @remarks Creates the user as well if there is none with this email address. The token does not expire. For admins.
   */
  @Post()
  @Audited('token.create', { on: 'user', idOf: emailOfBody })
  @AdminOnly()
  @ApiAnswers({ operationId: 'createTokenByEmail', status: 201, type: TokenDto, errors: [400, 403], body: true })
  async create(@Body() { email }: TokenRequestDto): Promise<TokenDto> {
    const user = await this.users.findOrCreate(email);
    if (!user.isActive) throw InvalidInputError.on('email', new InactiveUserError().message);
    return { token: await this.tokens.issueShort(user) };
  }
}

/** The user may have been made by the same request, and the answer names the token alone. */
function emailOfBody({ request }: Exchange): string {
  return (request.body as TokenRequestDto).email.trim().toLowerCase();
}
