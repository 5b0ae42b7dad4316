import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { UsersModule } from '../users/users.module.js';
import { AuthController } from './auth.controller.js';
import { FailedAuthentications } from './failed-authentications.js';
import { FirstAdmin } from './first-admin.service.js';
import { SigningSecretsModule } from './signing-secrets.module.js';
import { Token } from './token.entity.js';
import { TokenGuard } from './token.guard.js';
import { throttling } from './throttling.js';
import { TokenRateGuard } from './token-rate.guard.js';
import { TokenBearers } from './token-bearers.service.js';
import { TokensController } from './tokens.controller.js';
import { TokensService } from './tokens.service.js';
import { TokenStrategy } from './token.strategy.js';

/** Owns API tokens and guards every route with them. */
@Module({
  imports: [
    TypeOrmModule.forFeature([Token]),
    PassportModule,
    throttling,
    AuditModule,
    MetricsModule,
    UsersModule,
    SigningSecretsModule,
  ],
  controllers: [AuthController, TokensController],
  providers: [
    FailedAuthentications,
    TokensService,
    TokenBearers,
    TokenStrategy,
    FirstAdmin,
    { provide: APP_GUARD, useClass: TokenGuard },
    { provide: APP_GUARD, useClass: TokenRateGuard },
  ],
  exports: [TokensService],
})
export class AuthModule {}
