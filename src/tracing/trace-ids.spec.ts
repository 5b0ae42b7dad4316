import { describe, expect, it } from 'vitest';
import { deliverySpan, scheduleSpan, tickSpan } from './trace-ids.js';

const ID = '722a8a19-423b-5982-bee5-a70f79aa209d';

describe('the ids of spans', () => {
  it('put a delivery into the trace that its id names, in a span for each round of attempts', () => {
    expect(deliverySpan(ID, 0)).toEqual({ traceId: '722a8a19423b5982bee5a70f79aa209d', spanId: 'bee5a70f79aa0000' });
    expect(deliverySpan(ID, 6)).toEqual({ traceId: '722a8a19423b5982bee5a70f79aa209d', spanId: 'bee5a70f79aa0006' });
    expect(deliverySpan(ID, 65_537).spanId).toBe('bee5a70f79aa0001');
  });

  it('put a schedule into the trace that its id names', () => {
    expect(scheduleSpan(ID)).toEqual({ traceId: '722a8a19423b5982bee5a70f79aa209d', spanId: 'bee5a70f79aa209d' });
  });

  it('are the same on every replica and in every release for a tick, and of no other', () => {
    const tick = new Date('2026-11-24T06:46:33.000Z');

    expect(tickSpan('7', tick)).toEqual(tickSpan('7', new Date(tick)));
    expect(tickSpan('7', tick)).toEqual({ traceId: '9e8da9f23e825edcb48357aabe8c46f8', spanId: 'b48357aabe8c46f8' });
    expect(tickSpan('8', tick).traceId).not.toBe(tickSpan('7', tick).traceId);
    expect(tickSpan('7', new Date(tick.getTime() + 1000)).traceId).not.toBe(tickSpan('7', tick).traceId);
  });
});
