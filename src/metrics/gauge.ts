import { Counter, Gauge, type Registry } from 'prom-client';

interface Instrument {
  name: string;
  help: string;
  registry: Registry;
}

/** A gauge whose value is read at each scrape. */
export function readGauge({ name, help, registry }: Instrument, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}

/** A counter of what is counted elsewhere, read at each scrape. */
export function readCounter({ name, help, registry }: Instrument, read: () => number): void {
  new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      this.reset();
      this.inc(read());
    },
  });
}
