import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../bin/seed-scheduler.mjs', import.meta.url));

export interface CommandResult {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

export interface CommandLine {
  run: (args: string[], input?: string) => Promise<CommandResult>;
  /** What a command that must succeed prints with `--json`. */
  json: <T>(...args: string[]) => Promise<T>;
}

/** Runs commands as a process of their own, on the built service. */
export function commandLine(environment: Record<string, string>): CommandLine {
  const run = async (args: string[], input = ''): Promise<CommandResult> => {
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      env: {
        PATH: process.env.PATH,
        EGRESS_ALLOW: 'loopback',
        SECRET_KEY: 'a key for tests only, of some length',
        ...environment,
      },
    });
    child.stdin.end(input);
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { exitCode, stdout, stderr };
  };
  return {
    run,
    async json<T>(...args: string[]): Promise<T> {
      const { exitCode, stdout, stderr } = await run([...args, '--json']);
      if (exitCode !== 0) throw new Error(`${args.join(' ')} ended with ${exitCode}: ${stderr}`);
      return JSON.parse(stdout) as T;
    },
  };
}
