import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ADMIN_TOKEN, type ApiCall, caller } from './api.js';

const BUILT = fileURLToPath(new URL('../../dist', import.meta.url));

export interface ServiceProcess extends AsyncDisposable {
  url: string;
  child: ChildProcess;
  call: ApiCall;
  output(): string;
  /** Sends a signal and waits for the end. @returns the exit code */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/**
 * The built service as a process of its own; resolves when it says that it is ready.
 *
 * @param command what of the build is run, and its arguments
 */
export async function startProcess(
  environment: Record<string, string>,
  [file, ...args]: [string, ...string[]] = ['main.js'],
): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [join(BUILT, file), ...args], {
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      HOST: '127.0.0.1',
      LOG_LEVEL: 'warn',
      // The sinks are on loopback.
      EGRESS_ALLOW: 'loopback',
      SCHEDULER_ADMIN_TOKEN: ADMIN_TOKEN,
      SECRET_KEY: 'a key for tests only, of some length',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const ready = /ready at (http:\S+)/.exec(output)?.[1];
      if (ready) resolve(ready);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${output}`)));
  });
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    const [code] = (await ended) as [number | null];
    return code;
  };
  return {
    url,
    child,
    call: caller(url),
    output: () => output,
    end,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) await end('SIGKILL');
    },
  };
}
