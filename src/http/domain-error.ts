/**
 * What goes wrong in a service, free of HTTP. `DomainErrorFilter` turns it into the API's shape.
 * `code` is stable and may be relied on by callers and logs.
 */
export abstract class DomainError extends Error {
  abstract readonly code: string;
}

/** The thing asked for does not exist, or is not for the caller to see: the two are not told apart. */
export class NotFoundError extends DomainError {
  readonly code = 'not_found';

  constructor() {
    super('Not found.');
  }
}

/** The caller is known but may not do this. */
export class PermissionDeniedError extends DomainError {
  readonly code = 'permission_denied';

  constructor() {
    super('You do not have permission to perform this action.');
  }
}

/** The caller is not known. */
export class NotAuthenticatedError extends DomainError {
  readonly code = 'not_authenticated';

  private constructor(
    readonly reason: 'missing' | 'invalid',
    message: string,
  ) {
    super(message);
  }

  static missing(): NotAuthenticatedError {
    return new NotAuthenticatedError('missing', 'Authentication credentials were not provided.');
  }

  static invalid(): NotAuthenticatedError {
    return new NotAuthenticatedError('invalid', 'Invalid token.');
  }
}

/** The caller has asked too often, and may ask again later. */
export class ThrottledError extends DomainError {
  readonly code = 'throttled';
  /** whole seconds to wait, at least one */
  readonly retryAfterSeconds: number;

  /** @param seconds to wait */
  constructor(seconds: number) {
    const wait = Math.max(1, Math.ceil(seconds));
    super(`Request was throttled. Expected available in ${wait} second${wait === 1 ? '' : 's'}.`);
    this.retryAfterSeconds = wait;
  }
}

/** The body as a whole cannot be read (not JSON, not UTF-8, a name given twice, ...). */
export class MalformedBodyError extends DomainError {
  readonly code = 'parse_error';
}

/** The path is known, the method is not one of its own. */
export class MethodNotAllowedError extends DomainError {
  readonly code = 'method_not_allowed';

  constructor(
    method: string,
    readonly allowed: readonly string[],
  ) {
    super(`Method "${method}" not allowed.`);
  }
}

/** The request's URL or headers cannot be right. */
export class MalformedRequestError extends DomainError {
  readonly code = 'bad_request';
}

/** The user was deactivated: no token is made for it. */
export class InactiveUserError extends DomainError {
  readonly code = 'inactive_user';

  constructor() {
    super('The user is not active.');
  }
}

export type FieldMessages = Record<string, string[]>;

/** Input that is refused, with the reasons by field. */
export class InvalidInputError extends DomainError {
  readonly code = 'invalid';

  constructor(readonly fields: FieldMessages) {
    super(`Invalid input: ${Object.keys(fields).join(', ')}`);
  }

  static on(field: string, message: string): InvalidInputError {
    return new InvalidInputError({ [field]: [message] });
  }
}
