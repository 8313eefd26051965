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

/** Counters, by the names under which they are exported. */
export type CounterName = 'proof_artifacts.cache.hit_count' | 'proof_artifacts.cache.miss_count' | 'proof_artifacts.cache.refresh_count';

/** The channels (node:diagnostics_channel) of nx-proof, and what is published on them. */
export interface Events {
  'nx-proof:trust': TrustEvent;
  'nx-proof:counter': { readonly name: CounterName; readonly value: number };
}

/** Tells those who listen; costs next to nothing when nobody does. */
export function publish<Name extends keyof Events>(name: Name, message: Events[Name]): void {
  channel(name).publish(message);
}
