import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ADMIN_TOKEN, type ApiCall, caller } from './api.js';

const BUILT = fileURLToPath(new URL('../../dist', import.meta.url));

const READY = /ready at (http:\S+)\n/;

export interface ServiceProcess extends AsyncDisposable {
  url: string;
  child: ChildProcess;
  call: ApiCall;
  output(): string;
  /** Sends a signal and waits for the end. @returns the exit code */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** A process of the built service that need not become ready. */
export interface LaunchedProcess extends AsyncDisposable {
  child: ChildProcess;
  output: () => string;
  /** the exit code; null when a signal ended it */
  ended: Promise<number | null>;
  /** Resolves when the output has this text; rejects when the process ends before. */
  says(text: string | RegExp): Promise<void>;
}

export interface LaunchOptions {
  /** what of the build is run, and its arguments */
  command?: [string, ...string[]];
  /** default: a folder without a file `.env` */
  cwd?: string;
}

export function launchProcess(environment: Record<string, string>, options: LaunchOptions = {}): LaunchedProcess {
  const { command: [file, ...args] = ['main.js'], cwd = import.meta.dirname } = options;
  const child = spawn(process.execPath, [join(BUILT, file), ...args], {
    cwd,
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  let output = '';
  const heard = new EventEmitter();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      heard.emit('more');
    });
  }
  return {
    child,
    output: () => output,
    ended,
    async says(text) {
      const hasEnded = ended.then((code) => {
        throw new Error(`ended with ${code}: ${output}`);
      });
      while (!(typeof text === 'string' ? output.includes(text) : text.test(output))) {
        await Promise.race([once(heard, 'more'), hasEnded]);
      }
      hasEnded.catch(() => undefined);
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/**
 * The built service as a process of its own; resolves when it says that it is ready.
 *
 * @param command what of the build is run, and its arguments
 */
export async function startProcess(
  environment: Record<string, string>,
  command: [string, ...string[]] = ['main.js'],
): Promise<ServiceProcess> {
  const launched = launchProcess(
    {
      PORT: '0',
      HOST: '127.0.0.1',
      LOG_LEVEL: 'warn',
      // The sinks are on loopback.
      EGRESS_ALLOW: 'loopback',
      SCHEDULER_ADMIN_TOKEN: ADMIN_TOKEN,
      SECRET_KEY: 'a key for tests only, of some length',
      ...environment,
    },
    { command },
  );
  const { child, output, ended } = launched;
  await launched.says(READY);
  const url = READY.exec(output())![1];
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return ended;
  };
  return {
    url,
    child,
    call: caller(url),
    output,
    end,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) await end('SIGKILL');
    },
  };
}
