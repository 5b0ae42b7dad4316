import { readFileSync } from 'node:fs';

/**
 * Names this process among all that ran or will run on this machine: pids are used again, so the boot and, where
 * /proc tells it, the start time belong to the name.
 */
export function ownIdentity(): string {
  return identityOf(process.pid);
}

/** Whether the process with this identity still runs. Anything that is not an identity names no process. */
export function isAlive(identity: string): boolean {
  const pid = Number(identity.split(' ', 1)[0]);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return identityOf(pid) === identity;
}

function identityOf(pid: number): string {
  return `${pid} ${read('/proc/sys/kernel/random/boot_id')} ${startTicks(pid)}`;
}

/** Field 22 of /proc/PID/stat; the second one, in brackets, can itself hold blanks and brackets (see proc_pid_stat(5)). */
function startTicks(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
