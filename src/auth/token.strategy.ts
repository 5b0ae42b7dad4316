import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-http-bearer';
import { NotAuthenticatedError } from '../http/domain-error.js';
import type { Bearer } from './principal-cache.js';
import { TokenBearers } from './token-bearers.service.js';

const AUTHORIZATION = /^(?:bearer|token)\s+(\S+)\s*$/i;

/** `Authorization: Token <token>` or `Bearer <token>`; never a token in a URL or a body. */
@Injectable()
export class TokenStrategy extends PassportStrategy(Strategy, 'token') {
  constructor(private readonly bearers: TokenBearers) {
    super();
  }

  /** Hands passport-http-bearer the header alone, in the one form it knows, so that no other place is looked at. */
  override authenticate(request: { headers: { authorization?: string } }): void {
    const token = AUTHORIZATION.exec(request.headers.authorization ?? '')?.[1];
    const headers = token ? { authorization: `Bearer ${token}` } : {};
    super.authenticate({ headers } as never);
  }

  async validate(secret: string): Promise<Bearer> {
    const bearer = await this.bearers.bearerOf(secret);
    if (!bearer) throw NotAuthenticatedError.invalid();
    return bearer;
  }
}
