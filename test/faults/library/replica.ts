import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ADMIN_TOKEN, type ApiCall, caller } from '../../support/api.js';
import type { Timeline } from './timeline.js';

const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
// Cold starts take a third less with it.
const COMPILE_CACHE = fileURLToPath(new URL('../../../node_modules/.cache/node-compile', import.meta.url));
const POLL_MS = 50;
const READY = /ready at (http:\S+)/;

export interface ReplicaOptions {
  /** settings of the service */
  environment?: Record<string, string>;
  /** files of `preloads/` that are loaded before the service */
  preloads?: string[];
  /** where its output goes, in place of `output`; then it needs a port, by which it is seen to be ready */
  stdout?: { fd: number; port: number };
}

export type Exit = { code: number | null; signal: NodeJS.Signals | null };

/** One real service process, `dist/main.js`. What it writes goes to a file, and to `output`. */
export class Replica implements AsyncDisposable {
  /** Resolves when the process has ended, however. */
  readonly exit: Promise<Exit>;
  private readonly ready: Promise<string>;
  private url = '';
  private written = '';

  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
    logFile: string,
    private readonly timeline: Timeline,
    port: number | undefined,
  ) {
    const log = createWriteStream(logFile);
    this.exit = once(child, 'exit').then(([code, signal]) => {
      timeline.note(`${name} ended: ${String(signal ?? code)}`);
      return { code, signal };
    });
    this.ready = new Promise((resolve) => {
      const read = (chunk: Buffer) => {
        log.write(chunk);
        this.written += chunk.toString();
        const url = READY.exec(this.written)?.[1];
        if (url) resolve(url);
      };
      child.stdout?.on('data', read);
      child.stderr!.on('data', read);
      if (port !== undefined) void this.answers(`http://127.0.0.1:${port}`).then(resolve);
    });
  }

  /** Starts a process; does not wait for it to be ready. */
  static launch(name: string, folder: string, timeline: Timeline, options: ReplicaOptions): Replica {
    const { environment = {}, preloads = [], stdout } = options;
    const imports = preloads.flatMap((file) => ['--import', new URL(`../preloads/${file}`, import.meta.url).href]);
    const child = spawn(process.execPath, [...imports, MAIN], {
      env: {
        PATH: process.env.PATH,
        NODE_COMPILE_CACHE: COMPILE_CACHE,
        PORT: String(stdout?.port ?? 0),
        HOST: '127.0.0.1',
        LOG_LEVEL: 'warn',
        // The sinks are on loopback.
        EGRESS_ALLOW: 'loopback',
        SCHEDULER_ADMIN_TOKEN: ADMIN_TOKEN,
        SECRET_KEY: 'a key for fault tests only, of some length',
        ...environment,
      },
      stdio: ['ignore', stdout?.fd ?? 'pipe', 'pipe'],
    });
    timeline.note(`${name} starts as process ${child.pid}`);
    return new Replica(name, child, join(folder, `${name}.log`), timeline, stdout?.port);
  }

  /** @throws Error with its output when it ends instead */
  async isReady(): Promise<this> {
    const ended = this.exit.then(({ code, signal }) => {
      throw new Error(`${this.name} ended with ${signal ?? code} before it was ready: ${this.output}`);
    });
    this.url = await Promise.race([this.ready, ended]);
    this.timeline.note(`${this.name} is ready`);
    return this;
  }

  get output(): string {
    return this.written;
  }

  get pid(): number {
    return this.child.pid!;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  get call(): ApiCall {
    return caller(this.url);
  }

  /** For rows with values that the service never writes. */
  get uncheckedCall(): ApiCall {
    return caller(this.url, { isChecked: false });
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Asks it to end. @returns the exit code */
  async stop(signal: 'SIGTERM' | 'SIGHUP' = 'SIGTERM'): Promise<number | null> {
    return (await this.end(signal)).code;
  }

  /** The reader of its output goes away. */
  closeOutput(): void {
    this.timeline.note(`the reader of ${this.name} goes away`);
    this.child.stdout!.destroy();
    this.child.stderr!.destroy();
  }

  /** The reader of its output stays and reads no more. */
  stallOutput(): void {
    this.timeline.note(`the reader of ${this.name} stalls`);
    this.child.stdout!.removeAllListeners('data').pause();
  }

  /** SIGSTOP: it lives, holds its leases and connections, and does nothing. */
  pause(): void {
    this.signal('SIGSTOP');
  }

  resume(): void {
    this.signal('SIGCONT');
  }

  /** Resident memory, MiB. */
  get memoryMib(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) / 1024;
  }

  /** Resolves when readiness is 200; never when the process ends before. */
  private async answers(url: string): Promise<string> {
    while (this.isRunning) {
      const isReady = await caller(url)('GET', '/health/ready').then(
        ({ status }) => status === 200,
        () => false,
      );
      if (isReady) return url;
      await delay(POLL_MS);
    }
    return new Promise(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isRunning) await this.kill();
  }

  private async end(signal: NodeJS.Signals): Promise<Exit> {
    this.signal(signal);
    return this.exit;
  }

  private signal(signal: NodeJS.Signals): void {
    this.timeline.note(`${signal} to ${this.name}`);
    this.child.kill(signal);
  }
}
