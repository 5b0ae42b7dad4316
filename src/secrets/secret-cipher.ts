import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';

const ALGORITHM = 'aes-256-gcm';
const KEY_ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
// Part of how keys are made: it names the first use, and changing it would make everything stored unreadable.
const KEY_PURPOSE = 'seed-scheduler auth tokens';

/** A secret is sealed under a key that this process does not have. Another replica may have it. */
export class MissingKeyError extends Error {
  constructor(readonly keyId: string) {
    super(`it was encrypted under key ${keyId}, which is not configured`);
  }
}

interface Key {
  /** the setting it comes from */
  name: string;
  id: Buffer;
  key: Buffer;
}

/**
 * AES-256-GCM under `SECRET_KEY`, and under former keys for reading. Layout of what is sealed: key id (4 bytes), nonce
 * (12), tag (16), ciphertext. The context is associated data: what was sealed in one context opens in no other.
 *
 * Rooms do not use it directly: they get a box for a column of theirs from `SecretVault`, which keeps count of them.
 */
@Injectable()
export class SecretCipher {
  private readonly current: Key;
  private readonly keys: Key[];

  constructor(@Inject(CONFIG) { secrets }: Config) {
    this.current = keyOf(secrets.key, 'SECRET_KEY');
    this.keys = [this.current, ...secrets.fallbacks.map((key, i) => keyOf(key, `SECRET_KEY_FALLBACKS, no. ${i + 1}`))];
  }

  seal(secret: string, context: string): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.current.key, nonce).setAAD(Buffer.from(context));
    const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return Buffer.concat([this.current.id, nonce, cipher.getAuthTag(), text]);
  }

  /**
   * @throws MissingKeyError when its key is not configured
   * @throws Error when its key does not open it; the message says nothing of the secret
   */
  open(sealed: Buffer, context: string): string {
    const tagAt = KEY_ID_BYTES + NONCE_BYTES;
    if (sealed.length < tagAt + TAG_BYTES) throw new Error('it is too short to be an encrypted value');
    const used = this.keyFor(sealed);
    if (!used) throw new MissingKeyError(keyIdOf(sealed).toString('hex'));
    const decipher = createDecipheriv(ALGORITHM, used.key, sealed.subarray(KEY_ID_BYTES, tagAt), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(tagAt, tagAt + TAG_BYTES));
    const text = decipher.update(sealed.subarray(tagAt + TAG_BYTES), undefined, 'utf8');
    try {
      return text + decipher.final('utf8');
    } catch {
      throw new Error('it was altered, or stood elsewhere');
    }
  }

  isCurrent(sealed: Buffer): boolean {
    return this.current.id.equals(keyIdOf(sealed));
  }

  /** Which key it was sealed under: its id in hexadecimal, and the setting that has it; null for a key not configured. */
  keyOf(sealed: Buffer): { id: string; name: string | null } {
    return { id: keyIdOf(sealed).toString('hex'), name: this.keyFor(sealed)?.name ?? null };
  }

  /** The configured keys, the current one first. */
  get configured(): { id: string; name: string }[] {
    return this.keys.map(({ id, name }) => ({ id: id.toString('hex'), name }));
  }

  /** Ids of the configured keys, the current one first. */
  get keyIds(): string[] {
    return this.configured.map(({ id }) => id);
  }

  private keyFor(sealed: Buffer): Key | undefined {
    const id = keyIdOf(sealed);
    return this.keys.find((candidate) => candidate.id.equals(id));
  }
}

/** Returns the id of a key, in hexadecimal: the start of a hash, of which the key cannot be computed. */
export function idOfSecretKey(secret: string): string {
  return keyOf(secret, '').id.toString('hex');
}

function keyIdOf(sealed: Buffer): Buffer {
  return sealed.subarray(0, KEY_ID_BYTES);
}

function keyOf(secret: string, name: string): Key {
  const key = Buffer.from(hkdfSync('sha256', secret, '', KEY_PURPOSE, 32));
  return { name, key, id: createHash('sha256').update(key).digest().subarray(0, KEY_ID_BYTES) };
}
