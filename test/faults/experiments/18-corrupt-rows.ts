import { exactly, experiment } from '../library/experiment.js';
import type { Watched } from '../library/oracle.js';
import { duplicatesAtMost, latenessFigure, noneEnded, nothingLost } from '../library/verdicts.js';

// Due before anything else, whenever the sweep looks.
const corruptTriggers = (change: string) => `
  UPDATE triggers t SET next_fire_at = clock_timestamp() - interval '10 seconds', ${change}
    FROM schedules s WHERE s.trigger_id = t.id AND s.id = ANY($1)`;
const CORRUPT_DEFINITIONS = corruptTriggers(`text = t.text || ' ?'`);
const CORRUPT_ZONES = corruptTriggers(`time_zone = 'Mars/Olympus'`);
const CORRUPT_TOKENS = `UPDATE schedules SET auth_token = decode(md5(id::text), 'hex') WHERE id = ANY($1)`;
const FAULTS = `
  SELECT s.id, t.fault FROM triggers t JOIN schedules s ON s.trigger_id = t.id WHERE s.id = ANY($1) AND t.fault <> ''`;

export default experiment({
  number: 18,
  title: 'corrupt rows ahead of healthy ones',
  full: { definitions: 34, zones: 33, tokens: 33, healthy: 50, runs: 10 },

  async run(lab, { definitions, zones, tokens, healthy, runs }) {
    const replica = await lab.replica();
    const endpoint = await lab.sink.at('/corrupt');
    // Each on a trigger of its own.
    const distinct = await Promise.all(
      Array.from({ length: definitions + zones }, (_, i) =>
        lab.creates({ endpoint, cron_definition: `${i % 60} ${Math.floor(i / 60)} 1 1 *` }),
      ),
    );
    const secret = { endpoint, auth_token: 'soon-unreadable', frequency: 1 };
    const sealed = await lab.createsMany(tokens, { ...secret, interval_definition: '3 seconds' });
    const ids = (schedules: Watched[]) => schedules.map(({ id }) => id);
    await lab.postgres.query(CORRUPT_TOKENS, [ids(sealed)]);
    const due = await lab.createsMany(healthy, { endpoint: await lab.sink.at('/healthy'), frequency: runs });
    await lab.postgres.query(CORRUPT_DEFINITIONS, [ids(distinct.slice(0, definitions))]);
    await lab.postgres.query(CORRUPT_ZONES, [ids(distinct.slice(definitions))]);

    const account = await lab.settled([...due, ...sealed], 60_000);
    const setAside = await lab.postgres.query(FAULTS, [ids(distinct)]);
    const failed = account.rows.filter(({ outcome, error }) => outcome === 'failed' && error !== null);
    return [
      exactly('definitions and time zones set aside with a reason', setAside.length, definitions + zones),
      exactly('deliveries failed for their token, with a reason', failed.length, tokens),
      ...nothingLost(lab, account),
      duplicatesAtMost(lab, account, 0),
      latenessFigure(
        'healthy ones, lateness p99',
        account.lateness(({ scheduleId }) => due.some(({ id }) => id === scheduleId)),
        0.99,
        1_000,
      ),
      noneEnded([replica]),
    ];
  },
});
