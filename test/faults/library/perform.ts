import { type Experiment, exactly } from './experiment.js';
import { Lab } from './lab.js';
import type { Result } from './report.js';

/** Runs one experiment in a lab of its own. What it throws becomes a figure that is not met. */
export async function perform(experiment: Experiment, form: 'full' | 'short'): Promise<Result> {
  const start = Date.now();
  await using lab = await Lab.open();
  const figures = await experiment
    .run(lab, form)
    .catch((error: unknown) => [exactly('ran to its end', 'no', 'yes', broken(lab, error))]);
  return { experiment, figures, seconds: (Date.now() - start) / 1000 };
}

function broken(lab: Lab, error: unknown): string {
  const said = lab.all.map(({ name, output }) => `  ${name} wrote: ${output.slice(-2_000)}`);
  return [`  ${error instanceof Error ? error.stack : String(error)}`, ...said].join('\n');
}
