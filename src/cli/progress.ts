import { SingleBar } from 'cli-progress';

/** Shows how far long work has come: on stderr, and only to a person. */
export class Progress {
  private readonly bar: SingleBar | null;
  private isStarted = false;

  /** @param what is counted, in the plural */
  constructor(what: string) {
    const format = `{bar} {value} of {total} ${what}, {eta_formatted} left`;
    this.bar = process.stderr.isTTY ? new SingleBar({ format, stream: process.stderr, clearOnComplete: true }) : null;
  }

  /** @param done of all, which may still change */
  show(done: number, total: number): void {
    if (!this.isStarted) this.bar?.start(total, done);
    this.isStarted = true;
    this.bar?.setTotal(total);
    this.bar?.update(done);
  }

  [Symbol.dispose](): void {
    if (this.isStarted) this.bar?.stop();
  }
}
