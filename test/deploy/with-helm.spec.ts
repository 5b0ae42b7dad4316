import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { CHART, renderChart } from '../support/helm/chart.js';
import { namesOf, objectsOf } from '../support/kubernetes/objects.js';
import { VALUES } from './values.js';

const helm = (args: string[], values: object) =>
  spawnSync('helm', [...args, '--values', '-'], { encoding: 'utf8', input: JSON.stringify(values) });

// The other tests render the chart by themselves; this one, which is run where Helm is installed (vitest.config.ts), shows
// that they do it as Helm does.
describe.each(Object.entries(VALUES))('Helm itself, with %s', (_, values) => {
  it('finds nothing wrong with the chart', () => {
    expect(helm(['lint', '--strict', CHART], values)).toMatchObject({ status: 0 });
  });

  it('renders the objects that the other tests look at', () => {
    const { stdout, stderr } = helm(['template', 'seed-scheduler', CHART, '--namespace', 'default'], values);
    const theirs = objectsOf(stdout);
    const ours = renderChart(values);

    expect(stderr).toBe('');
    expect(namesOf(theirs)).toEqual(namesOf(ours));
    for (const object of ours) expect(theirs).toContainEqual(object);
  });
});
