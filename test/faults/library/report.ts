import type { Experiment, Figure } from './experiment.js';

export interface Result {
  experiment: Experiment;
  figures: Figure[];
  seconds: number;
}

export function isPassed({ figures }: Result): boolean {
  return figures.every(({ isMet }) => isMet);
}

/** One experiment: each figure beside its bar, and below a figure that misses it what is known of why. */
export function paragraphOf({ experiment, figures, seconds }: Result): string {
  const width = Math.max(...figures.map(({ what }) => what.length));
  const lines = figures.flatMap(({ what, value, bar, isMet, detail }) => [
    `  ${isMet ? 'ok  ' : 'FAIL'} ${what.padEnd(width)}  ${value}${bar && `  (bar: ${bar})`}`,
    ...(!isMet && detail ? [detail] : []),
  ]);
  return [`${experiment.number}. ${experiment.title} (${seconds.toFixed(0)} s)`, ...lines].join('\n');
}

/** All figures of a run as a table in Markdown. */
export function tableOf(results: Result[]): string {
  const rows = results.flatMap(({ experiment, figures }) =>
    figures.map(({ what, value, bar, isMet }, i) => [
      i === 0 ? String(experiment.number) : '',
      i === 0 ? experiment.title : '',
      what,
      value,
      bar,
      isMet ? 'ok' : 'FAIL',
    ]),
  );
  const head = ['#', 'experiment', 'figure', 'value', 'bar', ''];
  const widths = head.map((_, i) => Math.max(3, ...[head, ...rows].map((row) => row[i].length)));
  const line = (cells: string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
