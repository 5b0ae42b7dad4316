import { atLeast, experiment, noted } from '../library/experiment.js';
import type { Lab } from '../library/lab.js';
import type { Sink } from '../library/sink.js';

const QUIET_MS = 10_000;
const QUIET_ARRIVALS = 20;

export default experiment({
  number: 15,
  title: 'deliveries waiting in backoff beside healthy ones',
  full: { waiting: 100_000, healthy: 10_000, rounds: 3 },

  async run(lab, { waiting, healthy, rounds }) {
    await lab.replica();
    const before = await ratesOf(lab, healthy, rounds);

    const failing = await lab.anotherSink();
    // A refusal, of an endpoint that is alive: a dead one would be held back as a whole, and none would be in backoff.
    const endpoint = await failing.at('/failing', { statuses: [409], headers: { 'retry-after': '7200' } });
    const one = await lab.creates({ endpoint, interval_definition: '30 seconds', frequency: 1 });
    await lab.clones(one, waiting - 1);
    await lab.until('all of them wait', () => isQuiet(failing, waiting), 300_000);
    const after = await ratesOf(lab, healthy, rounds);
    return [
      noted('failing deliveries that were tried', `${failing.seen().length} of ${waiting}`),
      noted('deliveries/s before', before.map(Math.round).join(', ')),
      noted('deliveries/s beside them', after.map(Math.round).join(', ')),
      atLeast('best rate kept', (100 * Math.max(...after)) / Math.max(...before), 80, '%'),
    ];
  },
});

/** Deliveries a second of herds that are due at once, from the first arrival to the last. */
async function ratesOf(lab: Lab, count: number, rounds: number): Promise<number[]> {
  const rates: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const from = lab.sink.seen().length;
    const endpoint = await lab.sink.at('/healthy');
    const one = await lab.creates({ endpoint, interval_definition: '10 seconds', frequency: 1 });
    const due = [one, ...(await lab.clones(one, count - 1))];
    await lab.until('the herd has arrived', () => lab.sink.seen().length >= from + count, 120_000);
    const arrivals = lab.sink.seen().slice(from);
    rates.push((1000 * (count - 1)) / (arrivals.at(-1)!.at - arrivals[0].at));
    await lab.settled(due, 60_000);
  }
  return rates;
}

/** All were tried, or hardly any is any more: whoever protects a failing endpoint holds them back. */
function isQuiet(failing: Sink, count: number): boolean {
  const arrivals = failing.seen();
  if (arrivals.length >= count) return true;
  const since = Date.now() - QUIET_MS;
  return (
    arrivals.length > 0 && arrivals[0].at < since && arrivals.filter(({ at }) => at > since).length < QUIET_ARRIVALS
  );
}
