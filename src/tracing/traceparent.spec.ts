import { describe, expect, it } from 'vitest';
import { parseTraceparent, traceparentOf } from './traceparent.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('a traceparent', () => {
  it.each(['00', '01'])('is read and written with the flags %s', (flags) => {
    const context = parseTraceparent(`00-${TRACE}-${SPAN}-${flags}`);

    expect(context).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags: Number(flags), isRemote: true });
    expect(context && traceparentOf(context)).toBe(`00-${TRACE}-${SPAN}-${flags}`);
  });

  it('of a later version may have more parts, and other flags than the one that is known do not count', () => {
    expect(parseTraceparent(`01-${TRACE}-${SPAN}-03-more`)).toMatchObject({ traceId: TRACE, traceFlags: 1 });
  });

  it.each([
    ['nothing', undefined],
    ['a list', [`00-${TRACE}-${SPAN}-01`]],
    ['other text', 'hello'],
    ['the version that is forbidden', `ff-${TRACE}-${SPAN}-01`],
    ['more parts than its version has', `00-${TRACE}-${SPAN}-01-more`],
    ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ])('that is %s is none', (_, header) => {
    expect(parseTraceparent(header)).toBeNull();
  });
});
