import { channel } from 'node:diagnostics_channel';

/** What the trust cache did. */
export interface TrustEvent {
  /**
   * hit, miss: an entry was, or was not, used as it lay there. refresh: a newer state was fetched, verified and stored. stale: used past its time to
   * live, within the limit. expired: beyond it. refusal: what was found or fetched does not verify. seed, pinned: no cache was involved.
   */
  readonly action: 'hit' | 'miss' | 'stale' | 'expired' | 'refresh' | 'refusal' | 'seed' | 'pinned' | 'import' | 'clear' | 'unavailable';
  /** Where the trust root comes from: the mirror's URL, or the name of a file. */
  readonly origin: string;
  /** sha256 of the trust root concerned. */
  readonly entry?: string;
  /** Why, in one sentence. */
  readonly reason?: string;
  /** Shared by all events of one look-up. */
  readonly correlation: string;
}

/** A proof that was signed, and checked to be. */
export interface SignedEvent {
  /** Absent for a proof envelope by itself. */
  readonly project?: string;
  /** The path of the bundle, or of the proof envelope that holds it: relative to the workspace, with forward slashes. */
  readonly bundle: string;
  readonly bundleSha256: string;
  readonly statementSha256: string;
  /** `key:sha256:<fingerprint>`, or the issuer of the certificate's identity. */
  readonly issuer: string;
}

/** The channels (node:diagnostics_channel) of nx-proof, and what is published on them. They end in this process: nothing is sent anywhere. */
export interface Events {
  'nx-proof:trust': TrustEvent;
  'nx-proof:signed': SignedEvent;
}

/** Tells those who listen; costs next to nothing when nobody does. */
export function publish<Name extends keyof Events>(name: Name, message: Events[Name]): void {
  channel(name).publish(message);
}
