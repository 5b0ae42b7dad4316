import { setTimeout as delay } from 'node:timers/promises';
import type { ApiCall, Reply } from '../../support/api.js';
import { atMost, exactly, experiment, type Figure, noted } from '../library/experiment.js';
import type { Lab } from '../library/lab.js';
import { ticksOf } from '../library/oracle.js';

/** Changes are spread from so long before a tick to so long after it: deliveries start somewhere in between. */
const FROM_MS = -50;
const TO_MS = 250;
/** What was in flight has arrived by then, and the next tick has not. */
const IN_FLIGHT_MS = 500;

const CHANGES = ['edit', 'disable', 'delete'] as const;
type Change = (typeof CHANGES)[number];

export default experiment({
  number: 19,
  title: 'edit, disable, delete in the second a schedule is due',
  full: { rounds: 60 },
  short: { rounds: 5 },

  async run(lab, { rounds }) {
    await lab.replicas(2);
    const figures: Figure[] = [];
    for (const change of CHANGES) {
      const offsets = Array.from({ length: rounds }, (_, i) => FROM_MS + ((TO_MS - FROM_MS) * i) / (rounds - 1));
      const changed = await Promise.all(offsets.map((offset, i) => changeAt(lab, change, `/${change}-${i}`, offset)));
      const clock = await lab.creates({ endpoint: await lab.sink.at('/clock'), frequency: 3 });
      await lab.settled([clock], 30_000);
      const arrivalsAfter = changed.map(({ path, acknowledgedAt }) =>
        lab.sink.seen().filter((arrival) => arrival.path === path && arrival.at > acknowledgedAt),
      );
      const late = changed.flatMap(({ acknowledgedAt }, i) =>
        arrivalsAfter[i].filter(({ at }) => at > acknowledgedAt + IN_FLIGHT_MS),
      );
      const fired = changed.filter(({ path, second }) =>
        lab.sink.seen().some((arrival) => arrival.path === path && arrival.tick === second),
      );
      figures.push(
        noted(`${change}: changes that came after the POST, of ${rounds}`, String(fired.length)),
        exactly(`${change}: not acknowledged`, changed.filter(({ reply }) => reply.status >= 300).length, 0),
        atMost(`${change}: most arrivals after the 2xx`, Math.max(...arrivalsAfter.map(({ length }) => length)), 1),
        exactly(`${change}: arrivals that were not in flight`, late.length, 0),
      );
    }
    return figures;
  },
});

/** Makes a change so many milliseconds after the second tick of a schedule of its own. */
async function changeAt(lab: Lab, change: Change, path: string, offsetMs: number) {
  const schedule = await lab.creates({ endpoint: await lab.sink.at(path) });
  const [, second] = ticksOf({ ...schedule, frequency: 2 }, Infinity);
  const elsewhere = await lab.sink.at('/elsewhere');
  await delay(second + offsetMs - Date.now());
  const reply = await make(change, lab.api, `/api/v1/schedule/${schedule.id}/`, elsewhere);
  return { path, second, reply, acknowledgedAt: Date.now() };
}

function make(change: Change, api: ApiCall, path: string, elsewhere: string): Promise<Reply> {
  if (change === 'delete') return api('DELETE', path);
  return api('PATCH', path, change === 'edit' ? { endpoint: elsewhere } : { enabled: false });
}
