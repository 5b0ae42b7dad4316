import { Body, Controller, Delete, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiBody, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Caller, type Principal } from '../http/access.decorators.js';
import { ApiAnswers } from '../http/api-answers.decorator.js';
import { NotFoundError } from '../http/domain-error.js';
import { Audited, type Exchange } from '../http/audited.decorator.js';
import { IntegerIdPipe } from '../http/identifiers.pipe.js';
import { type Page, PageOf, pageOf, type PageRequest } from '../http/paging.js';
import { PublicUrl } from '../http/public-url.js';
import { UsersService } from '../users/users.service.js';
import { refuseStranger } from './own-user.js';
import { NewTokenDto, NewTokenInputDto, TokenDetailsDto, TokenPageDto } from './tokens.dto.js';
import { TokensService } from './tokens.service.js';

/** A user's tokens, for the user itself and for admins. To anybody else they are those of an unknown user. */
@ApiTags('Users and groups')
@ApiParam({ name: 'id', schema: { type: 'integer', minimum: 1 }, description: 'ID of the user.' })
@Controller('api/v1/user/:id/token')
export class TokensController {
  constructor(
    private readonly users: UsersService,
    private readonly tokens: TokensService,
  ) {}

  /**
   * List the tokens of a user
   *
   * @remarks Newest first, without their values. For admins and the user.
   */
  @Get()
  @ApiAnswers({ operationId: 'listTokens', status: 200, type: TokenPageDto, errors: [404], paged: true })
  async list(
    @Param('id', IntegerIdPipe) id: number,
    @Caller() caller: Principal,
    @PageOf() page: PageRequest,
  ): Promise<Page<TokenDetailsDto>> {
    refuseStranger(id, caller);
    const user = await this.users.get(id);
    const [tokens, count] = await this.tokens.list(user.id, page);
    const results = tokens.map((token) => TokenDetailsDto.of(token));
    return pageOf(results, count, page);
  }

  /**
   * Create a token for a user
   *
   * @remarks The value of the token is shown in this response only. For admins and the user.
   */
  @Post()
  @ApiBody({ type: NewTokenInputDto, required: false })
  @Audited('token.create', { idOf: ofUser })
  @ApiAnswers({
    operationId: 'createToken',
    status: 201,
    type: NewTokenDto,
    errors: [400, 404],
    body: true,
    location: true,
  })
  async create(
    @Param('id', IntegerIdPipe) id: number,
    @Body() input: NewTokenInputDto,
    @Caller() caller: Principal,
    @PublicUrl() publicUrl: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<NewTokenDto> {
    refuseStranger(id, caller);
    const { token, value } = await this.tokens.issue(await this.users.get(id), input.details());
    reply.header('location', `${publicUrl}/api/v1/user/${id}/token/${token.id}/`);
    return { ...TokenDetailsDto.of(token), token: value };
  }

  /**
   * Revoke a token
   *
   * @remarks Every replica refuses the token within five seconds. For admins and the user.
   */
  @Delete(':tokenId')
  @ApiParam({ name: 'tokenId', schema: { type: 'integer', minimum: 1 }, description: 'ID of the token.' })
  @Audited('token.revoke', { idOf: ofUser })
  @HttpCode(204)
  @ApiAnswers({ operationId: 'revokeToken', status: 204, errors: [404] })
  async revoke(
    @Param('id', IntegerIdPipe) userId: number,
    @Param('tokenId', IntegerIdPipe) id: number,
    @Caller() caller: Principal,
  ): Promise<void> {
    refuseStranger(userId, caller);
    const revoked = await this.tokens.revoke({ id, userId });
    if (revoked.length === 0) throw new NotFoundError();
  }

  /**
   * Revoke all tokens of a user
   *
   * @remarks The token of this request is revoked as well if it is one of them. For admins and the user.
   */
  @Delete()
  @Audited('token.revoke', { on: 'user' })
  @HttpCode(204)
  @ApiAnswers({ operationId: 'revokeAllTokens', status: 204, errors: [404] })
  async revokeAll(@Param('id', IntegerIdPipe) id: number, @Caller() caller: Principal): Promise<void> {
    refuseStranger(id, caller);
    const user = await this.users.get(id);
    await this.tokens.revoke({ userId: user.id });
  }
}

/** Whose token it is, and which: when it is gone, nothing else tells whose it was. */
function ofUser({ request, result }: Exchange): string {
  const { id, tokenId } = request.params as { id: string; tokenId?: string };
  return `${id}/${(result as TokenDetailsDto | undefined)?.id ?? tokenId}`;
}
