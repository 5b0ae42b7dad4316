import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCron } from '../schedules/definitions/cron.js';
import { parseInterval } from '../schedules/definitions/interval.js';
import { crontabThere } from './definitions-there.js';
import type { LegacySchedule } from './legacy-database.js';
import { proposalFor, secondId } from './proposal.js';

const ID = '0c6c2e8e-6a9e-4a8b-9c58-0d7a4a1f7a11';

function aRow(fields: Partial<LegacySchedule>): LegacySchedule {
  const none = {
    frequency: null,
    payload: null,
    auth_token: null,
    next_send_at: null,
    triggered: null,
    last_run: null,
  };
  const nobody = { created_at: null, updated_at: null, created_by_id: null, updated_by_id: null };
  const definitions = { cron_definition: null, interval_definition: null };
  return { id: ID, endpoint: 'https://x.example.org/', enabled: true, ...definitions, ...none, ...nobody, ...fields };
}

describe('what is proposed for a row that ran there and is refused here', () => {
  it.each([
    ['0 0 1 1 * 2030', '0 0 1 1 *'],
    ['0 0 */2 * mon 2030', '0 0 */2 * mon'],
    ['30 5 0 1 1 * 2030', '5 0 1 1 *'],
    ['0 22-2 * * *', '0 0-2,22-23 * * *'],
    ['0 0 29-3 * *', '0 0 1-3,29-31 * *'],
  ])('is for the crontab "%s" the crontab "%s"', (cron_definition, proposed) => {
    const proposal = proposalFor(aRow({ cron_definition }));
    expect(proposal?.rows).toEqual([aRow({ cron_definition: proposed })]);
    expect(proposal?.text).toBe(`cron_definition "${proposed}"`);
    expect(() => parseCron(proposed)).not.toThrow();
    expect(crontabThere(proposed)).toEqual(crontabThere(cron_definition));
  });

  it.each([
    ['+1 minutes', '1 minutes'],
    ['10 microseconds', '1 seconds'],
    ['0 hours', '1 seconds'],
    ['1500001 microseconds', '1500000 microseconds'],
    ['4000 days', '3650 days'],
    ['1_0 minutes', '10 minutes'],
  ])('is for the interval "%s" the interval "%s"', (interval_definition, proposed) => {
    const proposal = proposalFor(aRow({ interval_definition }));
    expect(proposal?.rows).toEqual([aRow({ interval_definition: proposed })]);
    expect(() => parseInterval(proposed)).not.toThrow();
  });

  it('is two schedules for one that ran by both of its definitions', () => {
    const both = { cron_definition: '0 0 * * *', interval_definition: '+5 minutes' };
    expect(proposalFor(aRow(both))?.rows).toEqual([
      aRow({ cron_definition: '0 0 * * *' }),
      aRow({ id: secondId(ID), interval_definition: '5 minutes' }),
    ]);
    expect(secondId(ID)).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    [{ cron_definition: '0 0 * * 7', interval_definition: '5 minutes' }, { interval_definition: '5 minutes' }],
    [{ cron_definition: '0 0 * * *', interval_definition: '5 minute' }, { cron_definition: '0 0 * * *' }],
  ])('is of two definitions the one that ran: %j', (both, one) => {
    expect(proposalFor(aRow(both))?.rows).toEqual([aRow(one)]);
  });

  it('leaves counts out that mean nothing', () => {
    const row = aRow({ interval_definition: '5 minutes', frequency: '0', triggered: '-1' });
    expect(proposalFor(row)).toEqual({
      text: 'no frequency, triggered 0',
      rows: [{ ...row, frequency: null, triggered: '0' }],
    });
  });

  it.each(['0 0 L * *', '61 * * * *', '0 0 * * 7', '0 0 * * *'])('is nothing for the crontab "%s"', (text) => {
    expect(proposalFor(aRow({ cron_definition: text }))).toBeNull();
  });

  it('is a crontab of the same values, whatever wraps around', () => {
    const wraps = fc
      .tuple(fc.nat(59), fc.nat(59), fc.nat(23), fc.nat(23), fc.nat(6), fc.nat(6))
      .map(([a, b, c, d, e, f]) => `${a}-${b} ${c}-${d} * * ${e}-${f}`);
    fc.assert(
      fc.property(wraps, (cron_definition) => {
        const proposed = proposalFor(aRow({ cron_definition }))?.rows[0]?.cron_definition ?? cron_definition;
        const { minute, hour, dayOfWeek } = parseCron(proposed);
        const values = [minute, hour, dayOfWeek].map((field) => [...field.values]);
        const there = crontabThere(cron_definition) ?? [];
        expect(values).toEqual([there[0], there[1], there[4]]);
      }),
    );
  });
});
