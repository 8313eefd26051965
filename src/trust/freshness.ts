import type { TrustSettings } from './source';

/** The times of an entry. */
export interface EntryTimes {
  readonly fetchedAt: Date;
  /** When the first of its TUF metadata expires. */
  readonly expires: Date;
  /** The entry came without a valid MAC: its metadata verifies, but when it was fetched is only said. */
  readonly isUndated: boolean;
}

/**
 * fresh: used as it is. stale: used, and refreshed in the background. expired: not used. future: fetched at a time that has not come, so that nothing is
 * known of its age; not used.
 */
export type Freshness = 'fresh' | 'stale' | 'expired' | 'future';

export function freshness(times: EntryTimes, settings: TrustSettings, now: Date): Freshness {
  if (times.fetchedAt > now) return 'future';
  if (now >= usableUntil(times, settings)) return 'expired';
  return now < freshUntil(times, settings) ? 'fresh' : 'stale';
}

/** The end of the time to live; TUF metadata that expires earlier ends it, for what it says may have been replaced. */
export function freshUntil({ fetchedAt, expires, isUndated }: EntryTimes, settings: TrustSettings): Date {
  if (isUndated) return fetchedAt;
  return new Date(Math.min(fetchedAt.getTime() + settings.ttlMs, expires.getTime()));
}

export function usableUntil({ fetchedAt, expires }: EntryTimes, settings: TrustSettings): Date {
  return new Date(Math.min(fetchedAt.getTime() + Math.max(settings.ttlMs, settings.maxStaleMs), expires.getTime()));
}
