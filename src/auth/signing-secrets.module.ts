import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SecretsModule } from '../secrets/secrets.module.js';
import { SigningKeys } from './signing-keys.js';
import { SigningSecret } from './signing-secret.entity.js';
import { SigningSecretsController } from './signing-secrets.controller.js';
import { SigningSecretsService } from './signing-secrets.service.js';

/** Owns the secrets that users' deliveries are signed with. */
@Module({
  imports: [TypeOrmModule.forFeature([SigningSecret]), SecretsModule],
  controllers: [SigningSecretsController],
  providers: [SigningKeys, SigningSecretsService],
  exports: [SigningKeys],
})
export class SigningSecretsModule {}
