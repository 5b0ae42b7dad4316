import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// The service forces its own end a minute after it was asked to.
const END_PATIENCE_MS = 65_000;
const CLOCK_TICKS = 100;
const running = new Set();
const tempDirs = new Set();

/** Starts a script of this project with Node.js; its standard output can be read, its errors are shown. */
export function startScript(file, args = [], { nodeOptions = [], ...options } = {}) {
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  return startProgram(process.execPath, [...nodeOptions, path, ...args], options);
}

export function startProgram(program, args, options = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Runs a script to its end. */
export async function runScript(file, args = []) {
  const child = startScript(file, args);
  child.stdout.resume();
  const [code, signal] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${file} ${args[0]} ended with ${signal ?? code}`);
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

/** A folder that every user may enter: PostgreSQL does not run as root. */
export function makeTempDir() {
  const folder = mkdtempSync(join(tmpdir(), 'seed-bench-'));
  chmodSync(folder, 0o755);
  tempDirs.add(folder);
  return folder;
}

export function removeTempDirs() {
  for (const folder of tempDirs) rmSync(folder, { recursive: true, force: true });
}

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Memory of a process in MiB: now, and at its highest so far. */
export function memoryOf({ pid }) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mib = (field) => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)[1]) / 1024;
  return { rss: mib('VmRSS'), peak: mib('VmHWM') };
}

/** Seconds of processor time that a process has used. */
export function cpuOf({ pid }) {
  const fields = statOf(pid);
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
}

/** The fields of /proc/<pid>/stat after the name; none when the process has ended. */
export function statOf(pid) {
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
  return { used: used / CLOCK_TICKS, had: (used + idle + iowait) / CLOCK_TICKS };
}
