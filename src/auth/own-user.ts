import type { Principal } from '../http/access.decorators.js';
import { NotFoundError } from '../http/domain-error.js';

/** What is a user's own is for the user and for admins: to anybody else it is that of an unknown user. @throws NotFoundError */
export function refuseStranger(userId: number, caller: Principal): void {
  if (!caller.isAdmin && caller.id !== userId) throw new NotFoundError();
}
