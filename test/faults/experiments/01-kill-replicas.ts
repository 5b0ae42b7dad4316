import { setTimeout as delay } from 'node:timers/promises';
import type { Account } from '../library/account.js';
import { atMost, experiment, type Figure } from '../library/experiment.js';
import { duplicatesAtMost, nothingLost } from '../library/verdicts.js';

const KILL_EVERY_MS = 5_000;
const ON_PACE = { share: 0.95, latenessMs: 2_000 };
// A settlement takes milliseconds. What was answered longer before a kill and is not recorded was not in flight then.
const IN_FLIGHT_MS = 3_000;

export default experiment({
  number: 1,
  title: 'kill -9 a random replica every 5 s',
  full: { replicas: 3, schedules: 170, runs: 60, concurrency: 100, calmMs: 16_000 },
  short: { replicas: 2, schedules: 40, runs: 16, concurrency: 20, calmMs: 5_000 },

  async run(lab, { replicas, schedules, runs, concurrency, calmMs }) {
    // So few each that no replica takes all; so many that one less keeps up.
    const places = String(concurrency);
    const options = { environment: { DELIVERY_CONCURRENCY: places, DELIVERY_CONCURRENCY_PER_ORIGIN: places } };
    await lab.replicas(replicas, options);
    const due = await lab.createsMany(schedules, {
      endpoint: await lab.sink.at('/hook', { delayMs: 250 }),
      frequency: runs,
    });
    const end = Date.now() + runs * 1000;
    const kills: number[] = [];
    while (Date.now() < end - KILL_EVERY_MS - calmMs) {
      // Every second one right after a tick, when most is in flight; the others at any moment.
      await delay(KILL_EVERY_MS - (kills.length % 2 === 0 ? (Date.now() % 1000) - 150 : 0));
      const victims = lab.running;
      kills.push(Date.now());
      await victims[Math.floor(Math.random() * victims.length)].kill();
      lab.launch(options);
    }
    const account = await lab.settled(due, 90_000);
    const inFlight = account.unrecorded.filter(({ at }) => kills.some((kill) => kill > at && kill - at < IN_FLIGHT_MS));
    return [...nothingLost(lab, account), duplicatesAtMost(lab, account, inFlight.length), backToPace(account, kills)];
  },
});

/** The longest time from a kill to the first tick after it that arrived nearly whole and nearly on time. */
function backToPace(account: Account, kills: number[]): Figure {
  const ticks = [...Map.groupBy(account.expected, ({ tick }) => tick)].sort(([a], [b]) => a - b);
  const paced = ticks.filter(([, obligations]) => {
    const onTime = obligations.filter((one) => account.arrived(one)[0]?.at - one.tick <= ON_PACE.latenessMs);
    return onTime.length >= ON_PACE.share * obligations.length;
  });
  const seconds = kills.map((kill) => ((paced.find(([tick]) => tick > kill)?.[0] ?? Infinity) - kill) / 1000);
  return atMost(`back to pace after ${kills.length} kills`, Math.max(...seconds), 15, 's');
}
