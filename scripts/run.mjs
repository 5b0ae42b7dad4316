import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the project, whatever folder the script was called from. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Cold starts take a third less with it. */
export const COMPILE_CACHE = join(ROOT, 'node_modules', '.cache', 'node-compile');

// Who reads the output may go away, with the terminal or by itself. The child decides by itself what that means for it.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

let child = null;
let stopSignal = null;
const passedOn = new Set();

// npm passes signals on to its script only, and Ctrl-C reaches every process of the terminal, this one twice by way of
// npm. Either way the child ends first, and this process after it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    stopSignal ??= signal;
    if (!passedOn.has(signal)) child?.kill(signal);
    passedOn.add(signal);
  });
}

/**
 * Runs a program to its end, with this process's streams. Signals are passed on; after one nothing more is started.
 *
 * @returns {Promise<number>} its exit code; 128 + the signal's number when a signal ended it, as shells have it
 */
export async function run(program, args, options = {}) {
  if (stopSignal) return exitCodeOf(stopSignal);
  return new Promise((resolve, reject) => {
    child = spawn(program, args, { cwd: ROOT, stdio: 'inherit', ...options });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      child = null;
      resolve(signal ? exitCodeOf(signal) : code);
    });
  });
}

function exitCodeOf(signal) {
  return 128 + constants.signals[signal];
}

/** What a script stops with when there is no more to say than one line. */
export class Stop extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Runs a script's main function and exits with what it returns. */
export async function main(script) {
  try {
    process.exitCode = await script();
  } catch (error) {
    console.error(error instanceof Stop ? error.message : error);
    process.exitCode = error.exitCode ?? 1;
  }
}
