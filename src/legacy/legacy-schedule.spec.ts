import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '../http/domain-error.js';
import { AddressPolicy } from '../outbound/address-policy.js';
import { nextTick } from '../schedules/definitions/definition.js';
import { definitionRow } from '../schedules/trigger.entity.js';
import type { LegacySchedule } from './legacy-database.js';
import { type WantedSchedule, wantedSchedule } from './legacy-schedule.js';
import { changesOf, reconciled, type ScheduleHere } from './schedule-comparison.js';

const NOW = new Date('2026-01-01T00:00:00.500Z');
const context = {
  addresses: new AddressPolicy({ isLoopbackOpen: false, allow: [], deny: [] }),
  users: new Map([[7, 17]]),
  frequency: 'keep' as const,
  now: NOW,
};

const orNull = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null });
const integerText = orNull(fc.oneof(fc.integer({ min: -2, max: 5 }).map(String), fc.constantFrom('2147483648', '1e3')));

const rows: fc.Arbitrary<LegacySchedule> = fc.record({
  id: fc.uuid(),
  endpoint: fc.oneof(fc.webUrl(), fc.constantFrom('', 'http://127.0.0.1/', 'gopher://x.example.org/', 'http://u:p@x/')),
  frequency: integerText,
  triggered: integerText,
  cron_definition: orNull(
    fc.constantFrom('', ' ', '*/5 * * * *', '0 0 30 2 *', '0 0 1 1 * *', '0 8 1 * mon', '@daily'),
  ),
  interval_definition: orNull(fc.constantFrom('', '1 hours', '7 minutes', '0 days', '999999 microseconds', 'hourly')),
  payload: orNull(fc.oneof(fc.json(), fc.constantFrom('{', '{"__proto__": 1}'))),
  auth_token: orNull(fc.oneof(fc.string(), fc.constant(''))),
  next_send_at: orNull(fc.date({ min: new Date('2025-12-31'), max: new Date('2026-01-02'), noInvalidDate: true })),
  enabled: orNull(fc.boolean()),
  last_run: orNull(fc.date({ min: new Date('2024-01-01'), max: new Date('2025-12-31'), noInvalidDate: true })),
  created_at: fc.constant('2017-05-06 09:00:00.123456+00'),
  updated_at: fc.constant('2017-05-06 09:00:00.123456+00'),
  created_by_id: orNull(fc.constantFrom(7, 8)),
  updated_by_id: orNull(fc.constantFrom(7, 8)),
});

function stored(wanted: WantedSchedule): ScheduleHere {
  const { id, frequency, endpoint, payload, enabled, triggered, lastRun } = wanted;
  return {
    ...definitionRow(wanted.definition),
    ...{ id, frequency, endpoint, payload, enabled, triggered, last_run: lastRun },
    auth_token: wanted.authToken === null ? null : Buffer.from(wanted.authToken),
    ...{ created_by: wanted.createdBy, trigger_id: '1', updated_at: '', is_changed_here: false },
  };
}

describe('a row of the replaced service', () => {
  it('is refused by name, or becomes a schedule that this service could have made', () => {
    let taken = 0;
    const property = fc.property(rows, (row) => {
      let wanted: WantedSchedule;
      try {
        wanted = wantedSchedule(row, context);
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidInputError);
        return;
      }
      taken++;
      expect(wanted.frequency ?? 1).toBeGreaterThan(0);
      expect(wanted.triggered).toBeGreaterThanOrEqual(0);
      expect(wanted.enabled && wanted.frequency !== null && wanted.triggered >= wanted.frequency).toBe(false);
      expect(JSON.parse(wanted.payload)).toEqual(JSON.parse(row.payload ?? 'null'));
      expect(wanted.createdBy).toBe(row.created_by_id === 7 ? 17 : null);
      expect(nextTick(wanted.definition, NOW)?.getTime()).toBeGreaterThan(NOW.getTime());
    });
    fc.assert(property, { numRuns: 3000 });
    expect(taken).toBeGreaterThan(30);
  });

  it('that has been taken is found to be the same, whatever runs it has had here', () => {
    const property = fc.property(rows, fc.nat(3), (row, runs) => {
      let first: WantedSchedule;
      try {
        first = wantedSchedule(row, context);
      } catch {
        return;
      }
      const here = stored(first);
      here.triggered += here.enabled ? runs : 0;
      if (here.frequency !== null && here.triggered >= here.frequency) here.enabled = false;
      const again = reconciled(wantedSchedule(row, { ...context, now: new Date('2026-01-03') }), here);
      expect(changesOf(again, here, first.authToken)).toBeNull();
    });
    fc.assert(property, { numRuns: 3000 });
  });

  it('runs next when it would have run next there, if that is to come', () => {
    const row = { next_send_at: new Date('2026-01-01T00:41:07.9Z'), interval_definition: '1 hours' };
    const [base] = fc.sample(rows, 1);
    const fields = { endpoint: 'https://x.example.org/', cron_definition: null, frequency: null, triggered: null };
    const given = { ...base, ...fields, payload: '{}', auth_token: null };
    const next = (fields: Partial<LegacySchedule>) =>
      nextTick(wantedSchedule({ ...given, ...fields }, context).definition, NOW)?.toISOString();
    expect(next(row)).toBe('2026-01-01T00:41:07.000Z');
    expect(next({ ...row, next_send_at: new Date('2025-12-31T23:59:59Z') })).toBe('2026-01-01T01:00:00.000Z');
    expect(next({ ...row, next_send_at: null })).toBe('2026-01-01T01:00:00.000Z');
  });
});
