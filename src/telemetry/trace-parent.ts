/** What a trace is continued by. */
export interface TraceParent {
  /** 32 lowercase hex digits, not all zero. */
  readonly traceId: string;
  /** 16 lowercase hex digits, not all zero. */
  readonly spanId: string;
  readonly traceFlags: number;
}

/**
 * Reads TRACEPARENT, in which a CI system or a wrapper names the trace that a run belongs to; undefined for none, and for one that is not valid.
 * W3C Trace Context 3.2: version, trace-id, parent-id and trace-flags; a later version may append more.
 */
export function traceParent(env: Readonly<Record<string, string | undefined>>): TraceParent | undefined {
  const [, version, traceId, spanId, flags, more] = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(env['TRACEPARENT'] ?? '') ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (traceId === undefined || spanId === undefined || flags === undefined || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) };
}
