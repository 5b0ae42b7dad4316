import { EXPERIMENTS } from './experiments.js';
import { closeLabs } from './library/lab.js';
import { perform } from './library/perform.js';
import { isPassed, paragraphOf, type Result, tableOf } from './library/report.js';

// `npm run test:faults [-- [--short] 3 12 ...]`: the experiments that are named, or all, one after another.
const args = process.argv.slice(2);
const form = args.includes('--short') ? 'short' : 'full';
const numbers = args.filter((arg) => arg !== '--short').map(Number);
const unknown = numbers.filter((number) => !EXPERIMENTS.some((one) => one.number === number));
if (unknown.length > 0) throw new Error(`there is no experiment ${unknown.join(', ')}`);
const chosen = EXPERIMENTS.filter(({ number }) => numbers.length === 0 || numbers.includes(number));

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void closeLabs().finally(() => process.exit(1)));
}

const results: Result[] = [];
for (const experiment of chosen) {
  const result = await perform(experiment, form);
  results.push(result);
  print(paragraphOf(result));
}
print(tableOf(results));
const failed = results.filter((result) => !isPassed(result)).map(({ experiment }) => experiment.number);
print(failed.length === 0 ? 'All bars are met.' : `Not met: ${failed.join(', ')}.`);
process.exit(failed.length === 0 ? 0 : 1);

function print(text: string): void {
  process.stdout.write(`${text}\n\n`);
}
