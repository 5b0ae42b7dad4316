import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Caller, type Principal } from '../http/access.decorators.js';
import { ApiAnswers } from '../http/api-answers.decorator.js';
import { type AuditAction, Audited, type Exchange } from '../http/audited.decorator.js';
import { IntegerIdPipe } from '../http/identifiers.pipe.js';
import { NewSigningSecretDto, RotateSigningSecretDto, SigningStateDto } from './signing-secrets.dto.js';
import { SigningSecretsService } from './signing-secrets.service.js';

@ApiTags('Signed deliveries')
@Controller('api/v1/user/:id/signing-secret')
export class SigningSecretsController {
  constructor(private readonly secrets: SigningSecretsService) {}

  /** Shows whether a user's deliveries are signed, and by which secrets; never a secret. For admins and the user. */
  @Get()
  @ApiAnswers({ status: 200, type: SigningStateDto, errors: [404] })
  async show(@Param('id', IntegerIdPipe) id: number, @Caller() caller: Principal): Promise<SigningStateDto> {
    return SigningStateDto.of(await this.secrets.show(id, caller));
  }

  /**
   * Makes a secret, and signs the user's deliveries with it from now on. The one before it signs beside it until it
   * expires or is removed. For admins and the user.
   */
  @Post()
  @Audited('signing-secret.create', { on: 'user', actionOf: createdOrRotated })
  @ApiAnswers({ status: 201, type: NewSigningSecretDto, errors: [400, 404] })
  async rotate(
    @Param('id', IntegerIdPipe) id: number,
    @Body() input: RotateSigningSecretDto,
    @Caller() caller: Principal,
  ): Promise<NewSigningSecretDto> {
    const previousForSeconds = RotateSigningSecretDto.previousForSeconds(input);
    const { secret, live } = await this.secrets.rotate(id, previousForSeconds, caller);
    return { ...SigningStateDto.of(live), secret };
  }

  /** Ends the previous secret: the current one alone signs from now on. For admins and the user. */
  @Delete('previous')
  @Audited('signing-secret.retire', { on: 'user' })
  @HttpCode(204)
  @ApiAnswers({ status: 204, errors: [404] })
  async retirePrevious(@Param('id', IntegerIdPipe) id: number, @Caller() caller: Principal): Promise<void> {
    await this.secrets.retirePrevious(id, caller);
  }

  /** Ends all secrets of a user: its deliveries are not signed any more. For admins and the user. */
  @Delete()
  @Audited('signing-secret.delete', { on: 'user' })
  @HttpCode(204)
  @ApiAnswers({ status: 204, errors: [404] })
  async remove(@Param('id', IntegerIdPipe) id: number, @Caller() caller: Principal): Promise<void> {
    await this.secrets.remove(id, caller);
  }
}

function createdOrRotated({ result }: Exchange): AuditAction {
  return (result as SigningStateDto).previous ? 'signing-secret.rotate' : 'signing-secret.create';
}
