import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StartError } from '../config/start-error.js';
import { isAlive, ownIdentity } from './process-identity.js';

const POLL_MS = 50;
const PATIENCE_MS = 300_000;

/**
 * Runs `work` while no other process runs work under the lock of this folder. The lock of a dead process is taken over.
 *
 * The lock is a folder that holds its owner's name. A rename puts it in place, owner and all, and fails while another
 * is there; a rename takes it away again. A dead owner's lock is renamed to a name made from the owner's, which can
 * happen once only: a late second contender finds that name in use, and leaves the new owner's lock alone.
 *
 * @param signal ends the wait for the lock, not the work
 * @throws StartError when a living process has held the lock for five minutes
 */
export async function withLock<T>(folder: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const lock = join(folder, 'lock');
  const id = randomUUID();
  await take(folder, lock, id, signal);
  try {
    return await work();
  } finally {
    const released = join(folder, `lock-released-${id}`);
    renameSync(lock, released);
    rmSync(released, { recursive: true });
  }
}

async function take(folder: string, lock: string, id: string, signal?: AbortSignal): Promise<void> {
  const draft = join(folder, `lock-draft-${id}`);
  mkdirSync(draft);
  writeFileSync(join(draft, 'owner'), `${id} ${ownIdentity()}`);
  const deadline = Date.now() + PATIENCE_MS;
  while (!renames(draft, lock)) {
    const [ownerId, identity] = readOwner(lock);
    if (ownerId && !isAlive(identity)) {
      renames(lock, join(folder, `lock-abandoned-${ownerId}`));
    } else if (signal?.aborted || Date.now() > deadline) {
      rmSync(draft, { recursive: true });
      signal?.throwIfAborted();
      throw new StartError(
        `${lock} has been held by process ${identity.split(' ', 1)[0]} for too long: see what that process does, or end it.`,
      );
    } else {
      await delay(POLL_MS);
    }
  }
}

function readOwner(lock: string): readonly [id: string, identity: string] {
  try {
    const owner = readFileSync(join(lock, 'owner'), 'utf8');
    return [owner.slice(0, 36), owner.slice(37)];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ['', ''];
    throw error;
  }
}

/** @returns false when the target is in use or the source is gone */
function renames(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'EPERM', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}
