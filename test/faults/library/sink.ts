import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SELF_SIGNED } from './self-signed.js';

const PROGRAM = fileURLToPath(new URL('./sink-process.ts', import.meta.url));
const READ_BYTES = 1024 * 1024;

/** What a path of the sink does. Without any it answers 200 at once. */
export interface Behaviour {
  /** answered to the first, second, ... arrival of one delivery; the last one stays. Default 200 */
  statuses?: number[];
  /** before the answer, by the same rule. Default 0 */
  delayMs?: number | number[];
  headers?: Record<string, string>;
  /** instead of an answer */
  evil?: 'hang' | 'drip' | 'endless' | 'gzip bomb' | 'reset' | 'malformed' | 'huge headers';
  /**
   * How kept connections end: closed when idle for so many milliseconds, which is not announced; closed, or reset, by
   * the second request, which is not looked at. Default: they are kept for a minute
   */
  kept?: number | 'closed' | 'reset';
}

export interface SinkMessage {
  path: string;
  behaviour: Behaviour;
  /** the one port of all, one of its own, one of its own on ::1, or one of its own behind the bad certificate */
  port: 'shared' | 'own' | 'ipv6' | 'tls';
}

interface SinkAnswer {
  path: string;
  port: number;
}

/** One request as the sink saw it. Instants are milliseconds of the machine's clock. */
export interface Arrival {
  at: number;
  path: string;
  /** the Idempotency-Key */
  delivery: string;
  scheduleId: string;
  /** milliseconds */
  tick: number;
  /** X-Attempt */
  attempt: number;
  /** the status, once it was given; none when the caller was gone by then */
  answered?: number;
  answeredAt?: number;
}

type Line = { n: number } & (Omit<Arrival, 'tick'> & { tick: string });

/** The receiver of the POSTs: a process of its own that writes each arrival to a file before it answers. */
export class Sink implements AsyncDisposable {
  private readonly arrivals: Arrival[] = [];
  private offset = 0;
  private rest = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly logFile: string,
  ) {}

  static async start(folder: string, name: string): Promise<Sink> {
    const logFile = join(folder, `${name}.log`);
    closeSync(openSync(logFile, 'a'));
    const child = fork(PROGRAM, [logFile, SELF_SIGNED.key, SELF_SIGNED.certificate], { execArgv: [] });
    child.setMaxListeners(0);
    await once(child, 'message');
    return new Sink(child, logFile);
  }

  /** @returns the URL of a path that does this from now on */
  at(path: string, behaviour: Behaviour = {}): Promise<string> {
    return this.place({ path, behaviour, port: 'shared' });
  }

  /** The same on a port of its own: what it does to its origin, it does to nobody else. */
  alone(path: string, behaviour: Behaviour = {}): Promise<string> {
    return this.place({ path, behaviour, port: 'own' });
  }

  /** On a port of its own of ::1, and of no other address. @returns its URL by the name `localhost` */
  async onIpv6(path: string): Promise<string> {
    return (await this.place({ path, behaviour: {}, port: 'ipv6' })).replace('127.0.0.1', 'localhost');
  }

  /** On a port of its own behind a certificate that nobody vouches for. */
  async tls(path: string): Promise<string> {
    return (await this.place({ path, behaviour: {}, port: 'tls' })).replace('http:', 'https:');
  }

  /** Everything so far, in order of arrival. */
  seen(): Arrival[] {
    const file = openSync(this.logFile, 'r');
    const buffer = Buffer.alloc(READ_BYTES);
    try {
      for (;;) {
        const length = readSync(file, buffer, 0, READ_BYTES, this.offset);
        if (length === 0) return this.arrivals;
        this.offset += length;
        const lines = (this.rest + buffer.toString('latin1', 0, length)).split('\n');
        this.rest = lines.pop()!;
        for (const line of lines) this.take(JSON.parse(line) as Line);
      }
    } finally {
      closeSync(file);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  private async place(message: SinkMessage): Promise<string> {
    const port = new Promise<number>((resolve) => {
      const read = (answer: unknown) => {
        const { path, port } = answer as SinkAnswer;
        if (path !== message.path) return;
        this.child.off('message', read);
        resolve(port);
      };
      this.child.on('message', read);
    });
    this.child.send(message);
    return `http://127.0.0.1:${await port}${message.path}`;
  }

  private take({ n, ...fields }: Line): void {
    if (this.arrivals[n]) Object.assign(this.arrivals[n], fields);
    else this.arrivals[n] = { ...fields, tick: Date.parse(fields.tick) };
  }
}
