import { randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';
/** The Standard Webhooks specification asks for 24 to 64. */
const KEY_BYTES = 32;

/** A new secret in the form that libraries of Standard Webhooks take: `whsec_` and the key in base64. */
export function newSigningSecret(): string {
  return PREFIX + randomBytes(KEY_BYTES).toString('base64');
}

/** The bytes that sign. */
export function keyBytesOf(secret: string): Buffer {
  return Buffer.from(secret.slice(PREFIX.length), 'base64');
}
