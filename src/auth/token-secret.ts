import { hash, randomBytes } from 'node:crypto';

const PREFIX_DIGITS = 8;
const SECRET_BYTES = 20;

/** What a new token reads: 8 hex digits that may be shown later, then 160 random bits that never are. */
export function newSecret(): string {
  return randomBytes(PREFIX_DIGITS / 2 + SECRET_BYTES).toString('hex');
}

/** 160 random bits in the 40 hex digits of the replaced service: its clients may have room for no more. */
export function newShortSecret(): string {
  return randomBytes(SECRET_BYTES).toString('hex');
}

/** The part of a token made by `newSecret` that it may be recognised by. */
export function prefixOf(secret: string): string {
  return secret.slice(0, PREFIX_DIGITS);
}

/** SHA-256. A fast hash is right here: the tokens are random, so there is nothing to guess. */
export function digestOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}
