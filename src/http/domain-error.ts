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

  static missing(): NotAuthenticatedError {
    return new NotAuthenticatedError('Authentication credentials were not provided.');
  }

  static invalid(): NotAuthenticatedError {
    return new NotAuthenticatedError('Invalid token.');
  }
}

/** The body as a whole cannot be read (not JSON, not UTF-8, a name given twice, ...). */
export class MalformedBodyError extends DomainError {
  readonly code = 'parse_error';
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
