// Loaded before the service (node --import): every clock of JavaScript in this process is CLOCK_SHIFT_MS off.
const shiftMs = Number(process.env.CLOCK_SHIFT_MS);
if (!Number.isFinite(shiftMs)) throw new Error('CLOCK_SHIFT_MS must be a number');

const RealDate = Date;
const realNow = Date.now.bind(Date);

class ShiftedDate extends RealDate {
  constructor(...args: unknown[]) {
    // Whoever names an instant means that one; only "now" is off.
    if (args.length === 0) super(realNow() + shiftMs);
    else super(...(args as [number]));
  }

  static override now(): number {
    return realNow() + shiftMs;
  }
}

// `Date()` without new is text of now; instances made elsewhere must still be `instanceof Date`.
globalThis.Date = new Proxy(ShiftedDate, {
  apply: () => new ShiftedDate().toString(),
}) as unknown as DateConstructor;
Object.defineProperty(ShiftedDate, Symbol.hasInstance, { value: (one: unknown) => one instanceof RealDate });
Object.defineProperty(performance, 'timeOrigin', { value: performance.timeOrigin + shiftMs });

export {};
