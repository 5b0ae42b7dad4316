import { SettingsError } from '../config/settings.js';
import { DomainError, InvalidInputError, NotFoundError } from '../http/domain-error.js';
import { LegacyUnreachableError } from '../legacy/legacy-database.js';
import { UndecidedError } from '../legacy/legacy-import.js';
import { UnknownOwnerError } from '../legacy/people-import.js';

export enum ExitCode {
  Done = 0,
  /** it could not be done, or a check found a fault */
  Failed = 1,
  /** the command line was wrong */
  Usage = 2,
}

/** The command line asks for what does not go together, or does not exist. */
export class UsageError extends Error {}

/** Something stands in the way that the message says all about. */
export class Obstacle extends Error {}

/**
 * What to tell the person at the terminal: one line where we know what is wrong, and never a secret.
 *
 * @returns message null when it has been told already
 */
export function explain(error: unknown): { message: string | null; exitCode: ExitCode } {
  const commanderCode = (error as { code?: unknown } | null)?.code;
  if (typeof commanderCode === 'string' && commanderCode.startsWith('commander.')) {
    // Help and version are asked for, and come as errors too; the others were printed with their hint.
    const isAsked = (error as { exitCode: number }).exitCode === 0;
    return { message: null, exitCode: isAsked ? ExitCode.Done : ExitCode.Usage };
  }
  if (isUsage(error)) return { message: `error: ${error.message}`, exitCode: ExitCode.Usage };
  return { message: `error: ${reasonOf(error)}`, exitCode: ExitCode.Failed };
}

/** Whether another command line would do. */
function isUsage(error: unknown): error is Error {
  return error instanceof UsageError || error instanceof UndecidedError || error instanceof UnknownOwnerError;
}

/** One line that says what went wrong. */
export function reasonOf(error: unknown): string {
  if (error instanceof InvalidInputError) {
    const parts = Object.entries(error.fields).map(([field, messages]) => `${field}: ${messages.join(' ')}`);
    return parts.join('; ');
  }
  if (error instanceof NotFoundError) return 'not found: nothing has this id';
  if (error instanceof SettingsError || error instanceof DomainError) return error.message;
  // A name with several addresses fails once for each, and the whole has no message of its own.
  if (error instanceof AggregateError) return [...new Set(error.errors.map(reasonOf))].join('; ');
  if (error instanceof LegacyUnreachableError) return `${error.message}: ${reasonOf(error.cause)}`;
  return error instanceof Error ? error.message : String(error);
}
