import type { AuthenticatedRequest } from '../http/access.decorators.js';
import type { Audit } from '../http/audited.decorator.js';
import { fieldsOf } from '../http/body-parsing.js';
import { canonicalId } from '../http/identifiers.pipe.js';
import type { AuditEntry } from './audit-log.js';

/** The record of a request that did what it was for. */
export function successOf(request: AuthenticatedRequest, audit: Audit, result: unknown): AuditEntry {
  const exchange = { request, result, fields: fieldsOf(request.body) };
  return {
    ...whoAndWhence(request),
    action: audit.actionOf?.(exchange) ?? audit.action,
    target: { kind: kindOf(audit), id: audit.idOf?.(exchange) ?? idOfResult(result) ?? idInPath(request) },
    fields: exchange.fields,
  };
}

/** The record of a request whose caller may not do this. Nothing of its body has been looked at. */
export function denialOf(request: AuthenticatedRequest, audit: Audit): AuditEntry {
  return {
    ...whoAndWhence(request),
    action: audit.action,
    outcome: 'denied',
    target: { kind: kindOf(audit), id: idInPath(request) },
  };
}

function whoAndWhence({ user, ip, id }: AuthenticatedRequest): Pick<AuditEntry, 'actor' | 'source' | 'requestId'> {
  return { actor: { kind: 'user', id: user.id, email: user.email }, source: ip, requestId: id };
}

function kindOf({ on, action }: Audit): string {
  return on ?? action.replace(/\..*/, '');
}

function idOfResult(result: unknown): string | number | undefined {
  const { id } = (result ?? {}) as { id?: unknown };
  return typeof id === 'string' || typeof id === 'number' ? id : undefined;
}

/** The last parameter of the path, spelt as the API spells it; null when it is nothing's id. */
function idInPath({ params }: AuthenticatedRequest): string | null {
  const last = Object.values((params ?? {}) as Record<string, string>).at(-1);
  return last === undefined ? null : canonicalId(last);
}
