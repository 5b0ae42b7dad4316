import type { Account } from '../library/account.js';
import { atMost, exactly, experiment, type Figure } from '../library/experiment.js';
import type { Lab } from '../library/lab.js';
import { duplicatesAtMost, nothingLost, timelinesOf } from '../library/verdicts.js';

const SMALL = [
  'tick taken',
  'firing recorded',
  'tick committed',
  'page inserted',
  'fetched',
  'sending',
  'sent',
  'before settling',
  'after settling',
];
// A tick of more schedules than some pages hold: one process after another dies in the middle.
const LARGE = ['page of several inserted', 'page of several inserted'];
const LARGE_COUNT = 12_000;

interface Abort {
  failpoint: string;
  from: number;
  to: number;
}

export default experiment({
  number: 2,
  title: 'abort at each failpoint',
  full: { rounds: 3, large: LARGE },
  short: { rounds: 1, large: [] as string[] },

  async run(lab, { rounds, large }) {
    // A process that aborts has one POST in flight, and settles before the next one is answered: one abort, one doubt.
    const endpoint = await lab.sink.at('/hook', { delayMs: 300 });
    const first = await lab.replica();
    const schedule = await lab.creates({ endpoint });
    await first.kill();
    const aborts: Abort[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const failpoint of SMALL) aborts.push(await abortAt(lab, failpoint, 'scheduler,worker'));
    }
    const herd = large.length > 0 ? await herdOf(lab) : [];
    for (const failpoint of large) aborts.push(await abortAt(lab, failpoint, 'scheduler'));

    await lab.replica();
    const account = await lab.settled([schedule, ...herd], 90_000, Date.now());
    return [
      ...nothingLost(lab, account),
      exactly('aborts', aborts.length, rounds * SMALL.length + large.length),
      duplicatesAtMost(lab, account, aborts.length),
      mostOfOneAbort(lab, account, aborts),
    ];
  },
});

async function abortAt(lab: Lab, failpoint: string, roles: string): Promise<Abort> {
  const from = Date.now();
  lab.timeline.note(`a replica is to abort at "${failpoint}"`);
  const environment = { FAILPOINT: failpoint, DELIVERY_CONCURRENCY: '1', ROLES: roles };
  const replica = lab.launch({ environment, preloads: ['failpoint.ts'] });
  await lab.until(`it aborts at "${failpoint}"; it wrote ${replica.output}`, () => !replica.isRunning);
  return { failpoint, from, to: Date.now() };
}

/** Many schedules on one trigger, due once, a while from now. */
async function herdOf(lab: Lab) {
  const replica = await lab.replica({ environment: { ROLES: 'api' } });
  const endpoint = await lab.sink.at('/herd');
  const one = await lab.creates({ endpoint, interval_definition: '5 seconds', frequency: 1 });
  const herd = [one, ...(await lab.clones(one, LARGE_COUNT))];
  await replica.kill();
  return herd;
}

function mostOfOneAbort(lab: Lab, account: Account, aborts: Abort[]): Figure {
  const ofAborts = aborts.map(({ failpoint, from, to }) => ({
    failpoint,
    duplicates: account.duplicates.filter(({ first }) => first.at >= from && first.at <= to),
  }));
  const worst = ofAborts.reduce((a, b) => (b.duplicates.length > a.duplicates.length ? b : a));
  const detail = `  at "${worst.failpoint}":\n${timelinesOf(lab, account, worst.duplicates)}`;
  return atMost('most duplicates of one abort', worst.duplicates.length, 1, '', detail);
}
