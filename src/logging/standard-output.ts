import { constants, fstatSync, openSync, write, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

const STDOUT = 1;
/** Text that waits to be written. Beyond it new lines are dropped. */
const MAX_WAITING_BYTES = 1024 * 1024;
const MAX_WRITE_BYTES = 64 * 1024;
const RETRY_MS = 1_000;
/** The reader of a pipe is slow. */
const FULL_PIPE_RETRY_MS = 50;
const POLL_MS = 5;
const PINO_LEVEL_ERROR = 50;

/**
 * Writes lines to a file descriptor and never fails, blocks or spins, whatever becomes of the other end: a terminal that
 * was closed (EIO), a pipe without a reader (EPIPE) or whose reader stalls (EAGAIN), a disk that is full (ENOSPC).
 *
 * What cannot be written waits, and is tried again once a second. What does not fit into the buffer is dropped and
 * counted; the count is written as a log line when the descriptor takes text again.
 *
 * Not pino's own SonicBoom: after any error but EPIPE its flush at the end of the process loops for ever.
 */
export class LineOutput {
  private waiting: string[] = [];
  private waitingBytes = 0;
  private current: Buffer | null = null;
  private isWriting = false;
  private isFailing = false;
  private retry: NodeJS.Timeout | null = null;
  private droppedSinceReport = 0;
  private droppedInAll = 0;

  constructor(private readonly fd: number) {}

  /** Number of lines that were dropped since the start of the process. */
  get dropped(): number {
    return this.droppedInAll;
  }

  write(text: string): void {
    const bytes = Buffer.byteLength(text);
    if (this.waitingBytes + bytes > MAX_WAITING_BYTES) {
      this.droppedSinceReport += 1;
      this.droppedInAll += 1;
      return;
    }
    this.waiting.push(text);
    this.waitingBytes += bytes;
    this.writeNext();
  }

  line(text: string): void {
    this.write(`${text}\n`);
  }

  /** Resolves when everything is written, when writing fails, or after `patienceMs`. */
  async drained(patienceMs: number): Promise<void> {
    const deadline = Date.now() + patienceMs;
    while (this.hasText && !this.isFailing && Date.now() < deadline) await delay(POLL_MS);
  }

  /** Writes what waits, at once, as far as the descriptor takes it. For the end of the process only. */
  flushSync(): void {
    if (this.isFailing) return;
    try {
      // What is being written is left to the write that has it.
      if (this.isWriting) this.current = null;
      while (this.takeNext()) this.consume(writeSync(this.fd, this.current!));
    } catch {
      this.isFailing = true;
    }
  }

  private get hasText(): boolean {
    return this.current !== null || this.waiting.length > 0;
  }

  private writeNext(): void {
    if (this.isWriting || this.retry || !this.takeNext()) return;
    this.isWriting = true;
    write(this.fd, this.current!, (error, count) => {
      this.isWriting = false;
      if (error) return this.tryAgain(error);
      this.isFailing = false;
      this.consume(count);
      if (this.droppedSinceReport > 0 && !this.hasText) this.reportDropped();
      this.writeNext();
    });
  }

  private takeNext(): boolean {
    if (this.current) return true;
    if (this.waiting.length === 0) return false;
    let count = 0;
    for (let bytes = 0; count < this.waiting.length && bytes < MAX_WRITE_BYTES; count++) {
      bytes += this.waiting[count].length;
    }
    this.current = Buffer.from(this.waiting.splice(0, count).join(''));
    return true;
  }

  private consume(count: number): void {
    this.waitingBytes -= count;
    const rest = this.current?.subarray(count);
    this.current = rest && rest.length > 0 ? rest : null;
  }

  private tryAgain(error: NodeJS.ErrnoException): void {
    const isSlowReader = error.code === 'EAGAIN';
    this.isFailing = !isSlowReader;
    this.retry = setTimeout(
      () => {
        this.retry = null;
        this.writeNext();
      },
      isSlowReader ? FULL_PIPE_RETRY_MS : RETRY_MS,
    ).unref();
  }

  private reportDropped(): void {
    const msg = `${this.droppedSinceReport} log lines could not be written and were dropped`;
    this.droppedSinceReport = 0;
    const line = {
      level: PINO_LEVEL_ERROR,
      time: Date.now(),
      pid: process.pid,
      hostname: hostname(),
      context: 'Log',
      msg,
    };
    this.line(JSON.stringify(line));
  }
}

/**
 * A descriptor for standard output whose writes do not block: a write that waits for a stalled reader would keep the
 * process from ending. A pipe or terminal is opened anew, so that programs that share it keep theirs as it is.
 */
function openStandardOutput(): number {
  // A file opened anew would have a position of its own, and overwrite what others write.
  if (fstatSync(STDOUT).isFile()) return STDOUT;
  try {
    return openSync(`/proc/self/fd/${STDOUT}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // Sockets cannot be opened, and other systems have no /proc. Node makes pipes and sockets non-blocking by itself
    // when this property is first read.
    void process.stdout;
    return STDOUT;
  }
}

/** Standard output of the service: log lines, and what is said to the person at the terminal. */
export const standardOutput = new LineOutput(openStandardOutput());
process.once('exit', () => standardOutput.flushSync());
