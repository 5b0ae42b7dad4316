/** What became of one call of a batch. */
export type Settled<R> = { value: R } | { error: Error };

interface Call<T, R> {
  input: T;
  settle: (settled: Settled<R>) => void;
}

/**
 * Gathers calls while batches of them are carried out, and carries them out as the next: the more calls at once, the
 * larger the batches, and a call that is alone waits for nobody.
 *
 * @param maxBatch calls in one batch
 * @param atOnce batches under way at the same time
 * @param run carries out a batch; answers for each of its inputs, in their order. When it throws, all of them fail.
 */
export class CallBatcher<T, R> {
  private waiting: Call<T, R>[] = [];
  private running = 0;

  constructor(
    private readonly maxBatch: number,
    private readonly atOnce: number,
    private readonly run: (inputs: T[]) => Promise<Settled<R>[]>,
  ) {}

  call(input: T): Promise<R> {
    return new Promise((resolve, reject) => {
      const settle = (settled: Settled<R>) => ('value' in settled ? resolve(settled.value) : reject(settled.error));
      this.waiting.push({ input, settle });
      if (this.running >= this.atOnce) return;
      this.running++;
      // Calls that came with the same packets go together.
      setImmediate(() => void this.drain());
    });
  }

  private async drain(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, this.maxBatch);
      const settled = await this.settled(batch.map(({ input }) => input));
      batch.forEach(({ settle }, i) => settle(settled[i] ?? { error: new Error('no answer for this call') }));
    }
    this.running--;
  }

  private async settled(inputs: T[]): Promise<Settled<R>[]> {
    try {
      return await this.run(inputs);
    } catch (error) {
      return inputs.map(() => ({ error: error as Error }));
    }
  }
}
