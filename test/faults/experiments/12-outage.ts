import { setTimeout as delay } from 'node:timers/promises';
import type { Account } from '../library/account.js';
import { exactly, experiment, type Figure } from '../library/experiment.js';
import type { Lab } from '../library/lab.js';
import { afterOutage, type CatchUp, GRACE_MS, ticksOf, type Watched } from '../library/oracle.js';

// From the decision to start the replicas to their first look at what is due.
const START_MS = 15_000;

interface Case {
  schedule: Watched;
  catchUp: CatchUp;
}

export default experiment({
  number: 12,
  title: 'all replicas down across 3 ticks, then started together',
  full: { replicas: 3, downMs: 200_000, agedMs: 0 },
  short: { replicas: 2, downMs: 0, agedMs: 2_400_000 },

  async run(lab, { replicas, downMs, agedMs }) {
    await lab.replicas(replicas);
    const cases = await casesOf(lab);
    await Promise.all(lab.running.map((replica) => replica.stop()));
    await delay(downMs);
    const aged = await lab.age(
      cases.map(({ schedule }) => schedule),
      agedMs,
    );
    const due = aged.map((schedule, i) => ({ ...cases[i], schedule }));
    await lab.until('no tick is on the edge of being late', () => due.every(({ schedule }) => isClear(schedule)));

    const to = Date.now();
    await lab.replicas(replicas);
    const rules = due.map((one) => ({ ...one, ...afterOutage(ticksOf(one.schedule, to), to, one.catchUp) }));
    const obligations = rules.flatMap(({ schedule, fired, missed }) =>
      [...fired, ...missed].map((tick) => ({ scheduleId: schedule.id, tick })),
    );
    const account = await lab.settled(obligations, 30_000);
    const figures = rules.flatMap((rule) => figuresOf(rule, account, to));

    await Promise.all(lab.running.map((replica) => replica.stop()));
    await lab.replicas(replicas);
    const seen = lab.sink.seen().length;
    const again = await lab.creates({ endpoint: await lab.sink.at('/clock'), frequency: 2 });
    await lab.settled([again], 30_000);
    const later = await lab.account(obligations);
    const stale = lab.sink
      .seen()
      .slice(seen)
      .filter(({ tick }) => tick <= to);
    return [
      ...figures,
      exactly('arrivals of old ticks after a second restart', stale.length, 0),
      exactly('missed rows after a second restart', missedRows(later), missedRows(account)),
    ];
  },
});

async function casesOf(lab: Lab): Promise<Case[]> {
  const endpoint = await lab.sink.at('/hook');
  const cases: [object, CatchUp][] = [
    [{ interval_definition: '1 minutes' }, 'latest'],
    [{ cron_definition: '* * * * *' }, 'latest'],
    [{ interval_definition: '30 seconds' }, 'latest'],
    // On one trigger, to each its own.
    [{ interval_definition: '20 seconds' }, 'none'],
    [{ interval_definition: '20 seconds' }, 'all'],
  ];
  return Promise.all(
    cases.map(async ([definition, catchUp]) => ({
      schedule: await lab.creates({ ...definition, catch_up: catchUp, endpoint }),
      catchUp,
    })),
  );
}

/** Whether no tick turns from on time to late while the replicas start. */
function isClear(schedule: Watched): boolean {
  const edge = Date.now() - GRACE_MS;
  return ticksOf(schedule, Date.now()).every((tick) => tick < edge - 1_000 || tick > edge + START_MS);
}

function figuresOf(
  { schedule, catchUp, fired, missed }: Case & { fired: number[]; missed: number[] },
  account: Account,
  to: number,
): Figure[] {
  const arrived = account.arrivals.filter(({ scheduleId, tick }) => scheduleId === schedule.id && tick <= to);
  const isMissed = (tick: number) => account.outcomeOf({ scheduleId: schedule.id, tick }) === 'missed';
  const ticks = [...fired, ...missed];
  const name = `${schedule.interval_definition ?? schedule.cron_definition}, ${catchUp}`;
  return [
    exactly(`${name}: fired`, times(arrived.map(({ tick }) => tick)), times(fired)),
    exactly(`${name}: missed`, times(ticks.filter(isMissed)), times(missed)),
  ];
}

function missedRows({ rows }: Account): string {
  return String(rows.filter(({ outcome }) => outcome === 'missed').length);
}

/** Ticks of one definition, which their number and the first and last of them tell apart. */
function times(ticks: number[]): string {
  const clock = [...ticks].sort((a, b) => a - b).map((tick) => new Date(tick).toISOString().slice(11, 19));
  if (clock.length > 6) return `${clock.length}, ${clock[0]} to ${clock.at(-1)}`;
  return clock.join(' ') || 'none';
}
