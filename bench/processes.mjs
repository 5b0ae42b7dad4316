import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// The service forces its own end after a minute.
const END_PATIENCE_MS = 65_000;
const running = new Set();

/** Starts a script of this project with Node.js; its standard output can be read, its errors are shown. */
export function startScript(file, args = [], { nodeOptions = [], ...options } = {}) {
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  const child = spawn(process.execPath, [...nodeOptions, path, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...options,
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** @returns the first line that a process writes */
export async function firstLine(child) {
  let text = '';
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    text += chunk;
    if (text.includes('\n')) break;
  }
  child.stdout.resume();
  if (!text.includes('\n')) throw new Error('a process ended before it said anything');
  return text.slice(0, text.indexOf('\n'));
}

/** Asks a process to end, and makes it when it does not. */
export async function end(child) {
  if (!running.has(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), END_PATIENCE_MS);
  await ended;
  timer.close();
}

export async function endAll() {
  await Promise.all([...running].map(end));
}

/** Memory of a process in MiB: now, and at its highest so far. */
export function memoryOf({ pid }) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mib = (field) => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)[1]) / 1024;
  return { rss: mib('VmRSS'), peak: mib('VmHWM') };
}

/** Seconds of processor time that a process has used. */
export function cpuOf({ pid }) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The same of a PostgreSQL: the server, its processes, and those that have ended. */
export function cpuOfPostgres(dataDir) {
  const [server] = readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n');
  let ticks = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const fields = statOf(pid);
    if (pid !== server && fields[1] !== server) continue;
    ticks += Number(fields[11]) + Number(fields[12]);
    if (pid === server) ticks += Number(fields[13]) + Number(fields[14]);
  }
  return ticks / 100;
}

/** The fields of a process after its name; none when it has ended. */
function statOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  } catch {
    return [];
  }
}

/** Seconds of processor time that the whole machine has used, and has had. */
export function cpuOfMachine() {
  const [line] = readFileSync('/proc/stat', 'utf8').split('\n');
  const [user, nice, system, idle, iowait, irq, softirq] = line.trim().split(/\s+/).slice(1).map(Number);
  const used = user + nice + system + irq + softirq;
  return { used: used / 100, had: (used + idle + iowait) / 100 };
}
