import { type ExecutionContext, Injectable } from '@nestjs/common';
import { ThrottlerGuard, type ThrottlerLimitDetail } from '@nestjs/throttler';
import { ThrottledError } from '../http/domain-error.js';
import type { Bearer } from './principal-cache.js';

interface MaybeAuthenticated {
  user?: Bearer;
}

/** Limits the requests of a token, whichever routes they go to. Runs after TokenGuard, which says whose request it is. */
@Injectable()
export class TokenRateGuard extends ThrottlerGuard {
  protected override shouldSkip(context: ExecutionContext): Promise<boolean> {
    return Promise.resolve(!context.switchToHttp().getRequest<MaybeAuthenticated>().user);
  }

  protected override getTracker({ user }: MaybeAuthenticated): Promise<string> {
    return Promise.resolve(String(user?.tokenId));
  }

  protected override generateKey(_context: ExecutionContext, tracker: string): string {
    return tracker;
  }

  protected override throwThrottlingException(_: ExecutionContext, detail: ThrottlerLimitDetail): Promise<void> {
    throw new ThrottledError(detail.timeToBlockExpire);
  }
}
