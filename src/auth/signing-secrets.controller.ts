import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiParam, ApiTags } from '@nestjs/swagger';
import { Caller, type Principal } from '../http/access.decorators.js';
import { ApiAnswers } from '../http/api-answers.decorator.js';
import { type AuditAction, Audited, type Exchange } from '../http/audited.decorator.js';
import { IntegerIdPipe } from '../http/identifiers.pipe.js';
import { NewSigningSecretDto, RotateSigningSecretDto, SigningStateDto } from './signing-secrets.dto.js';
import { SigningSecretsService } from './signing-secrets.service.js';

@ApiTags('Signed deliveries')
@ApiParam({ name: 'id', schema: { type: 'integer', minimum: 1 }, description: 'ID of the user.' })
@Controller('api/v1/user/:id/signing-secret')
export class SigningSecretsController {
  constructor(private readonly secrets: SigningSecretsService) {}

  /**
   * Show the signing secrets of a user
   *
   * @remarks Shows whether the deliveries of the user are signed, and since when; never a secret. For admins and the
   * user.
   */
  @Get()
  @ApiAnswers({ operationId: 'getSigningSecrets', status: 200, type: SigningStateDto, errors: [404] })
  async show(@Param('id', IntegerIdPipe) id: number, @Caller() caller: Principal): Promise<SigningStateDto> {
    return SigningStateDto.of(await this.secrets.show(id, caller));
  }

  /**
   * Create or rotate a signing secret
   *
   * @remarks Deliveries of the user are signed with the new secret from now on. The previous secret signs as well until
   * it expires or is removed. The secret is shown in this response only. For admins and the user.
   */
  @Post()
  @ApiBody({ type: RotateSigningSecretDto, required: false })
  @Audited('signing-secret.create', { on: 'user', actionOf: createdOrRotated })
  @ApiAnswers({
    operationId: 'createSigningSecret',
    status: 201,
    type: NewSigningSecretDto,
    errors: [400, 404],
    body: true,
  })
  async rotate(
    @Param('id', IntegerIdPipe) id: number,
    @Body() input: RotateSigningSecretDto,
    @Caller() caller: Principal,
  ): Promise<NewSigningSecretDto> {
    const previousForSeconds = RotateSigningSecretDto.previousForSeconds(input);
    const { secret, live } = await this.secrets.rotate(id, previousForSeconds, caller);
    return { ...SigningStateDto.of(live), secret };
  }

  /**
   * Remove the previous signing secret
   *
   * @remarks Only the current secret signs from now on. For admins and the user.
   */
  @Delete('previous')
  @Audited('signing-secret.retire', { on: 'user' })
  @HttpCode(204)
  @ApiAnswers({ operationId: 'retirePreviousSigningSecret', status: 204, errors: [404] })
  async retirePrevious(@Param('id', IntegerIdPipe) id: number, @Caller() caller: Principal): Promise<void> {
    await this.secrets.retirePrevious(id, caller);
  }

  /**
   * Remove all signing secrets of a user
   *
   * @remarks Deliveries of the user are no longer signed. For admins and the user.
   */
  @Delete()
  @Audited('signing-secret.delete', { on: 'user' })
  @HttpCode(204)
  @ApiAnswers({ operationId: 'deleteSigningSecrets', status: 204, errors: [404] })
  async remove(@Param('id', IntegerIdPipe) id: number, @Caller() caller: Principal): Promise<void> {
    await this.secrets.remove(id, caller);
  }
}

function createdOrRotated({ result }: Exchange): AuditAction {
  return (result as SigningStateDto).previous ? 'signing-secret.rotate' : 'signing-secret.create';
}
