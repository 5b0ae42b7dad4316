import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, ownIdentity } from './process-identity.js';

/**
 * The processes that use a server, one file each, so that the last to go can stop it. To be called under the lock.
 *
 * A process that was killed leaves its file behind; it counts no longer and is cleared away by the next one to look.
 */
export class PostgresUsers {
  private readonly folder: string;

  constructor(home: string) {
    this.folder = join(home, 'users');
    mkdirSync(this.folder, { recursive: true });
  }

  /** @returns what to hand to `remove` */
  add(): string {
    const file = join(this.folder, `${process.pid}-${randomUUID()}`);
    writeFileSync(file, ownIdentity());
    return file;
  }

  /** @returns whether any user is left */
  remove(file: string): boolean {
    rmSync(file, { force: true });
    const others = readdirSync(this.folder).map((name) => join(this.folder, name));
    const dead = others.filter((other) => !isAlive(readFileSync(other, 'utf8')));
    for (const other of dead) rmSync(other);
    return others.length > dead.length;
  }
}
