import type { Account } from '../library/account.js';
import { atLeast, exactly, experiment, type Figure, noted } from '../library/experiment.js';
import type { Lab } from '../library/lab.js';
import type { Watched } from '../library/oracle.js';
import { duplicatesAtMost, noneEnded, nothingLost } from '../library/verdicts.js';

interface Group {
  name: string;
  periodS: number;
  endpoint: (n: number) => Promise<string>;
  /** whether requests are certain to be sent again */
  resends?: boolean;
}

export default experiment({
  number: 25,
  title: 'kept connections that end as they are used again; names with several addresses',
  full: { receivers: 15, ticks: 30 },
  short: { receivers: 3, ticks: 4 },

  async run(lab, { receivers, ticks }) {
    const replica = await lab.replica({ preloads: ['names.ts'] });
    const watched: [Group, Watched[]][] = [];
    for (const group of groups(lab)) watched.push([group, await schedulesOf(lab, group, receivers, ticks)]);
    const all = watched.flatMap(([, due]) => due);
    const account = await lab.settled(all, 180_000);
    return [
      ...watched.flatMap(([group, due]) => ofGroup(group, due, account)),
      ...nothingLost(lab, account),
      duplicatesAtMost(lab, account, 0),
      noneEnded([replica]),
    ];
  },
});

function groups({ sink }: Lab): Group[] {
  const reused = { periodS: 1, resends: true };
  return [
    { name: 'idle for 2 s, closed', periodS: 2, endpoint: (n) => sink.alone(`/idle-2-${n}`, { kept: 2_000 }) },
    { name: 'idle for 1 s, closed', periodS: 1, endpoint: (n) => sink.alone(`/idle-1-${n}`, { kept: 1_000 }) },
    { ...reused, name: 'used again, closed', endpoint: (n) => sink.alone(`/closed-${n}`, { kept: 'closed' }) },
    { ...reused, name: 'used again, reset', endpoint: (n) => sink.alone(`/reset-${n}`, { kept: 'reset' }) },
    { name: 'on ::1 only', periodS: 1, endpoint: (n) => sink.onIpv6(`/ipv6-${n}`) },
    {
      name: 'first address of three refuses',
      periodS: 1,
      endpoint: async (n) => (await sink.alone(`/several-${n}`)).replace('127.0.0.1', 'several.test'),
    },
  ];
}

async function schedulesOf(lab: Lab, group: Group, receivers: number, frequency: number): Promise<Watched[]> {
  const due: Watched[] = [];
  for (let n = 0; n < receivers; n++) {
    const endpoint = await group.endpoint(n);
    due.push(await lab.creates({ endpoint, frequency, interval_definition: `${group.periodS} seconds` }));
  }
  return due;
}

function ofGroup({ name, resends }: Group, due: Watched[], account: Account): Figure[] {
  const ids = new Set(due.map(({ id }) => id));
  const rows = account.rows.filter(({ schedule_id }) => ids.has(schedule_id));
  const failed = rows.filter(({ outcome }) => outcome !== 'delivered');
  const resent = rows.filter(({ is_resent }) => is_resent).length;
  return [
    exactly(`${name}: failed attempts of ${rows.length}`, failed.length, 0),
    resends ? atLeast(`${name}: sent again`, resent, 1) : noted(`${name}: sent again`, String(resent)),
  ];
}
