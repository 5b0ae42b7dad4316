import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { TypeOrmModule } from '@nestjs/typeorm';
import { UsersModule } from '../users/users.module.js';
import { AuthController } from './auth.controller.js';
import { FirstAdmin } from './first-admin.service.js';
import { SigningSecretsModule } from './signing-secrets.module.js';
import { Token } from './token.entity.js';
import { TokenGuard } from './token.guard.js';
import { TokensService } from './tokens.service.js';
import { TokenStrategy } from './token.strategy.js';

/** Owns API tokens and guards every route with them. */
@Module({
  imports: [TypeOrmModule.forFeature([Token]), PassportModule, UsersModule, SigningSecretsModule],
  controllers: [AuthController],
  providers: [TokensService, TokenStrategy, FirstAdmin, { provide: APP_GUARD, useClass: TokenGuard }],
})
export class AuthModule {}
