import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';

const ALGORITHM = 'aes-256-gcm';
const KEY_ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts the tokens that schedules send. Layout: key id (4 bytes), nonce (12), tag (16), ciphertext; the schedule's
 * id is associated data, so that one schedule's token cannot be copied into another.
 */
@Injectable()
export class TokenCipher {
  private readonly current: { id: Buffer; key: Buffer };
  private readonly keys: { id: Buffer; key: Buffer }[];

  constructor(@Inject(CONFIG) { secrets }: Config) {
    this.current = keyOf(secrets.key);
    this.keys = [this.current, ...secrets.fallbacks.map(keyOf)];
  }

  encrypt(token: string, scheduleId: string): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.current.key, nonce).setAAD(Buffer.from(scheduleId));
    const text = Buffer.concat([cipher.update(token, 'utf8'), cipher.final()]);
    return Buffer.concat([this.current.id, nonce, cipher.getAuthTag(), text]);
  }

  /** @throws Error when no key of ours opens it */
  decrypt(sealed: Buffer, scheduleId: string): string {
    const id = sealed.subarray(0, KEY_ID_BYTES);
    const used = this.keys.find((candidate) => candidate.id.equals(id));
    if (!used) throw new Error('the auth token was encrypted under a key that is not configured');
    const tagAt = KEY_ID_BYTES + NONCE_BYTES;
    const decipher = createDecipheriv(ALGORITHM, used.key, sealed.subarray(KEY_ID_BYTES, tagAt), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(scheduleId)).setAuthTag(sealed.subarray(tagAt, tagAt + TAG_BYTES));
    return decipher.update(sealed.subarray(tagAt + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  }
}

function keyOf(secret: string): { id: Buffer; key: Buffer } {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'seed-scheduler auth tokens', 32));
  return { key, id: createHash('sha256').update(key).digest().subarray(0, KEY_ID_BYTES) };
}
