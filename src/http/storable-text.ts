import type { FastifyInstance } from 'fastify';
import { type FieldMessages, InvalidInputError } from './domain-error.js';

/** Why PostgreSQL could not keep this text as it is, or null when it can. */
export function whyNotStorable(text: string): string | null {
  if (!text.isWellFormed()) return 'has a lone surrogate, which is no character';
  return text.includes('\0') ? 'has a NUL character' : null;
}

/** @throws InvalidInputError that names each member whose text cannot be stored */
export function refuseUnstorable(members: object): void {
  const faults: FieldMessages = {};
  for (const [name, value] of Object.entries(members) as [string, unknown][]) {
    for (const text of [value].flat()) {
      const fault = typeof text === 'string' && whyNotStorable(text);
      if (fault) faults[name] = [`Not a valid text: it ${fault}.`];
    }
  }
  if (Object.keys(faults).length > 0) throw new InvalidInputError(faults);
}

/** Filters are compared with what is stored: they have to be texts that could be. */
export function installQueryCheck(fastify: FastifyInstance): void {
  fastify.addHook('preValidation', async ({ query }) => refuseUnstorable(query as object));
}
