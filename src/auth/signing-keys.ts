import { Injectable } from '@nestjs/common';
import { type SecretBox, SecretVault } from '../secrets/secret-vault.js';
import { keyBytesOf } from './signing-secret.js';
import { SIGNING_SECRETS } from './signing-secrets.queries.js';

const MAX_REMEMBERED = 1_000;
const NONE: readonly Buffer[] = [];

/** The keys that deliveries of a user are signed with. Opened once: what was opened lately is remembered. */
@Injectable()
export class SigningKeys {
  private readonly box: SecretBox;
  private readonly opened = new Map<string, readonly Buffer[]>();

  constructor(vault: SecretVault) {
    this.box = vault.boxFor(SIGNING_SECRETS);
  }

  /** Returns ids of the keys that a user's signing secrets are sealed under. */
  keyIdsOf(secrets: string | null): string[] {
    return secrets === null ? [] : sealedOf(secrets).map((sealed) => this.box.keyIdOf(sealed));
  }

  /**
   * @param secrets as `joinSigningSecrets` reads them
   * @throws MissingKeyError when this process does not have the key of one of them
   * @throws Error when one of them cannot be opened
   */
  keysOf(userId: number | null, secrets: string | null): readonly Buffer[] {
    if (secrets === null || userId === null) return NONE;
    const name = `${userId} ${secrets}`;
    const known = this.opened.get(name);
    if (known) return known;
    const keys = sealedOf(secrets).map((sealed) => keyBytesOf(this.box.open(sealed, String(userId))));
    if (this.opened.size >= MAX_REMEMBERED) this.opened.delete(this.opened.keys().next().value as string);
    this.opened.set(name, keys);
    return keys;
  }
}

function sealedOf(secrets: string): Buffer[] {
  return secrets.split(' ').map((sealed) => Buffer.from(sealed, 'hex'));
}
