import { Injectable } from '@nestjs/common';
import { SecretCipher } from './secret-cipher.js';
import { contextOf, type SealedColumn } from './sealed-column.js';

/** Seals and opens the secrets of one column. */
export interface SecretBox {
  seal(secret: string, owner: string): Buffer;
  /**
   * @throws MissingKeyError when this process does not have its key
   * @throws Error when its key does not open it; the message says nothing of the secret
   */
  open(sealed: Buffer, owner: string): string;
  /** Returns the id of the key that it is sealed under. */
  keyIdOf(sealed: Buffer): string;
}

/**
 * The only way to the cipher for other rooms: whoever wants to seal says where the sealed secrets stand, so that no kind
 * of secret is forgotten when keys are rotated.
 */
@Injectable()
export class SecretVault {
  private readonly known = new Map<string, SealedColumn>();

  constructor(private readonly cipher: SecretCipher) {}

  /** To be called in constructors: the rotation must know of all columns once the application stands. */
  boxFor(column: SealedColumn): SecretBox {
    this.known.set(`${column.table}.${column.column}`, column);
    return {
      seal: (secret, owner) => this.cipher.seal(secret, contextOf(column, owner)),
      open: (sealed, owner) => this.cipher.open(sealed, contextOf(column, owner)),
      keyIdOf: (sealed) => this.cipher.keyOf(sealed).id,
    };
  }

  /** Sorted by kind. */
  get columns(): SealedColumn[] {
    return [...this.known.values()].sort((a, b) => (a.kind < b.kind ? -1 : 1));
  }
}
