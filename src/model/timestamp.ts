import { RFC3161Timestamp } from '@sigstore/core';

/** What an RFC 3161 timestamp says; nothing of it is verified. */
export interface Timestamp {
  readonly time: Date;
  /** Whether it was made for these bytes. */
  covers(data: Uint8Array): boolean;
}

/** RFC 3161 section 2.4.2: the statuses `granted` and `grantedWithMods`. */
const GRANTED: readonly number[] = [0, 1];

/** Reads a TimeStampResp, DER. Throws whatever the parser throws for other bytes, and an Error for a response without a timestamp. */
export function readTimestamp(der: Uint8Array): Timestamp {
  const timestamp = RFC3161Timestamp.parse(Buffer.from(der));
  if (!GRANTED.includes(Number(timestamp.status))) throw new Error(`the timestamp was not granted: status ${timestamp.status}`);
  const { tstInfo } = timestamp;
  return { time: tstInfo.genTime, covers: (data) => isFor(() => tstInfo.verify(Buffer.from(data))) };
}

function isFor(verify: () => void): boolean {
  try {
    verify();
    return true;
  } catch {
    return false;
  }
}
