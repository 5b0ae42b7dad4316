import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { UsersModule } from '../users/users.module.js';
import { AuthController } from './auth.controller.js';
import { FirstAdmin } from './first-admin.service.js';
import { Token } from './token.entity.js';
import { TokenGuard } from './token.guard.js';
import { TokenBearers } from './token-bearers.service.js';
import { TokensController } from './tokens.controller.js';
import { TokensService } from './tokens.service.js';
import { TokenStrategy } from './token.strategy.js';

/** Owns API tokens and guards every route with them. */
@Module({
  imports: [TypeOrmModule.forFeature([Token]), PassportModule, AuditModule, UsersModule],
  controllers: [AuthController, TokensController],
  providers: [TokensService, TokenBearers, TokenStrategy, FirstAdmin, { provide: APP_GUARD, useClass: TokenGuard }],
  exports: [TokensService],
})
export class AuthModule {}
