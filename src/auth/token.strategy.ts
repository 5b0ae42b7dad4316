import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-http-bearer';
import type { Principal } from '../http/access.decorators.js';
import { NotAuthenticatedError } from '../http/domain-error.js';
import { TokensService } from './tokens.service.js';

const AUTHORIZATION = /^(?:bearer|token)\s+(\S+)\s*$/i;

/** `Authorization: Token <token>` or `Bearer <token>`; never a token in a URL or a body. */
@Injectable()
export class TokenStrategy extends PassportStrategy(Strategy, 'token') {
  constructor(private readonly tokens: TokensService) {
    super();
  }

  /** Hands passport-http-bearer the header alone, in the one form it knows, so that no other place is looked at. */
  override authenticate(request: { headers: { authorization?: string } }): void {
    const token = AUTHORIZATION.exec(request.headers.authorization ?? '')?.[1];
    const headers = token ? { authorization: `Bearer ${token}` } : {};
    super.authenticate({ headers } as never);
  }

  async validate(secret: string): Promise<Principal> {
    const principal = await this.tokens.principalOf(secret);
    if (!principal) throw NotAuthenticatedError.invalid();
    return principal;
  }
}
