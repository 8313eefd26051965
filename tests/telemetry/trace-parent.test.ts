import { describe, expect, it } from 'vitest';
import { traceParent } from '../../src/telemetry/trace-parent';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('TRACEPARENT', () => {
  it.each([
    [`00-${TRACE}-${SPAN}-01`, 1],
    [`00-${TRACE}-${SPAN}-00`, 0],
    [`01-${TRACE}-${SPAN}-01-more`, 1],
  ])('is read from %s', (value, traceFlags) => {
    expect(traceParent({ TRACEPARENT: value })).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags });
  });

  it.each([undefined, '', 'x', `ff-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01-more`, `00-${'0'.repeat(32)}-${SPAN}-01`, `00-${TRACE}-${'0'.repeat(16)}-01`, `00-${TRACE.toUpperCase()}-${SPAN}-01`])(
    'is none when it is %s',
    (value) => {
      expect(traceParent(value === undefined ? {} : { TRACEPARENT: value })).toBeUndefined();
    },
  );
});
