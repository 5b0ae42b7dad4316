import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const LOCK_RETRY_MS = 50;

/** Runs `work` while no other process does so for the same directory. The lock of a process that died is broken. */
export async function withLock<T>(directory: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(directory, { recursive: true });
  const lock = join(directory, 'lock');
  while (!tryCreate(lock)) {
    if (!isAlive(readText(lock))) rmSync(lock, { force: true });
    else await delay(LOCK_RETRY_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Notes that this process uses what the directory stands for. */
export function register(directory: string): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, String(process.pid)), identityOf(process.pid));
}

/** Takes the note back. @returns whether no living process is left; notes of dead ones are removed */
export function unregister(directory: string): boolean {
  rmSync(join(directory, String(process.pid)), { force: true });
  for (const name of readdirSync(directory)) {
    if (!isAlive(readText(join(directory, name)))) rmSync(join(directory, name), { force: true });
  }
  return readdirSync(directory).length === 0;
}

function tryCreate(file: string): boolean {
  try {
    writeFileSync(file, identityOf(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** A pid with the start time of its process, where /proc tells it: pids are used again. */
function identityOf(pid: number): string {
  const stat = readText(`/proc/${pid}/stat`);
  const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  return `${pid} ${startTime}`;
}

function isAlive(identity: string): boolean {
  const pid = Number(identity.split(' ', 1)[0]);
  if (!pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return identityOf(pid) === identity;
}
