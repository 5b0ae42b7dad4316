import type { Lab } from './lab.js';

/** A measured value beside the bar that it has to meet. */
export interface Figure {
  what: string;
  value: string;
  bar: string;
  isMet: boolean;
  /** what to print when it is not met, such as the timeline of each lost delivery */
  detail?: string;
}

export interface ExperimentOptions<Size> {
  /** its row in the table of faults */
  number: number;
  title: string;
  /** how large it is when run in earnest */
  full: Size;
  /** how large it is within `npm test`; none: it is not part of that */
  short?: Size;
  run: (lab: Lab, size: Size) => Promise<Figure[]>;
}

export interface Experiment {
  number: number;
  title: string;
  hasShortForm: boolean;
  run(lab: Lab, form: 'full' | 'short'): Promise<Figure[]>;
}

export function experiment<Size>({ number, title, full, short, run }: ExperimentOptions<Size>): Experiment {
  return {
    number,
    title,
    hasShortForm: short !== undefined,
    run: (lab, form) => run(lab, form === 'short' ? (short ?? full) : full),
  };
}

export function atMost(what: string, value: number, limit: number, unit = '', detail?: string): Figure {
  return { what, value: shown(value, unit), bar: `at most ${shown(limit, unit)}`, isMet: value <= limit, detail };
}

export function atLeast(what: string, value: number, limit: number, unit = '', detail?: string): Figure {
  return { what, value: shown(value, unit), bar: `at least ${shown(limit, unit)}`, isMet: value >= limit, detail };
}

export function exactly<T extends string | number | boolean | null>(
  what: string,
  value: T,
  wanted: T,
  detail?: string,
): Figure {
  return { what, value: String(value), bar: String(wanted), isMet: value === wanted, detail };
}

/** A figure without a bar, for the reader. */
export function noted(what: string, value: string): Figure {
  return { what, value, bar: '', isMet: true };
}

function shown(value: number, unit: string): string {
  const digits = Number.isInteger(value) ? 0 : value < 10 ? 2 : 1;
  return `${value.toFixed(digits)}${unit && ` ${unit}`}`;
}
