import { SingleBar } from 'cli-progress';

/** Shows how far long work has come: on stderr, and only to a person. */
export class Progress {
  private readonly bar: SingleBar | null;

  /** @param what is counted, in the plural */
  constructor(total: number, what: string) {
    const isSeen = process.stderr.isTTY && total > 1;
    const format = `{bar} {value} of {total} ${what}, {eta_formatted} left`;
    this.bar = isSeen ? new SingleBar({ format, stream: process.stderr, clearOnComplete: true }) : null;
    this.bar?.start(total, 0);
  }

  /** @param done in all */
  show(done: number): void {
    this.bar?.update(done);
  }

  [Symbol.dispose](): void {
    this.bar?.stop();
  }
}
