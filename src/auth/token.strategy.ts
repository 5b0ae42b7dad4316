import { randomUUID } from 'node:crypto';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import passport from 'passport';
import { Strategy } from 'passport-http-bearer';
import { clientKeyOf } from '../http/client-address.js';
import { FailedAuthentications } from './failed-authentications.js';
import type { Bearer } from './principal-cache.js';
import { TokenBearers } from './token-bearers.service.js';

const AUTHORIZATION = /^(?:bearer|token)\s+(\S+)\s*$/i;

/** `Authorization: Token <token>` or `Bearer <token>`; never a token in a URL or a body. */
@Injectable()
export class TokenStrategy extends PassportStrategy(Strategy, 'token') implements OnApplicationShutdown {
  /**
   * Passport keeps strategies by name for the whole process: of two services in one, as in tests, each has a name of its
   * own, or both would ask the one that was started last. To name it is the only way: a strategy handed over as an
   * object would be one for all requests, and those at the same time would answer for each other.
   */
  readonly ownName = `token ${randomUUID()}`;

  constructor(
    private readonly bearers: TokenBearers,
    private readonly failures: FailedAuthentications,
  ) {
    super({ passReqToCallback: true });
    passport.use(this.ownName, this);
  }

  onApplicationShutdown(): void {
    passport.unuse(this.ownName);
  }

  /** Hands passport-http-bearer the header alone, in the one form it knows, so that no other place is looked at. */
  override authenticate(request: { headers: { authorization?: string } }): void {
    const token = AUTHORIZATION.exec(request.headers.authorization ?? '')?.[1];
    const headers = token ? { authorization: `Bearer ${token}` } : {};
    super.authenticate({ headers, client: () => clientKeyOf(request as FastifyRequest) } as never);
  }

  async validate({ client }: { client: () => string }, secret: string): Promise<Bearer> {
    const bearer = await this.bearers.bearerOf(secret);
    if (!bearer) throw this.failures.refusalOf(client());
    return bearer;
  }
}
