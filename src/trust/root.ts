import { sha256Hex } from '../model/digest';
import type { Entry } from './entry';
import { freshUntil, freshness } from './freshness';
import type { Versions } from './metadata';
import { publicGoodSeed } from './seed';
import type { FileSource, TrustSettings } from './source';
import { checkTrustedRoot } from './trusted-root';

/** A trust root that may be used now. */
export interface TrustRoot {
  /** trusted_root.json of Sigstore, checked. */
  readonly trustedRoot: Buffer;
  readonly sha256: string;
  readonly state: 'fresh' | 'stale' | 'expired' | 'pinned' | 'seed';
  /** For a verdict: where it comes from and, unless it is pinned, how old it is. */
  readonly description: string;
  /** When it was fetched; of a seed, about when it was current. */
  readonly fetchedAt?: Date;
  /** Until when it may be remembered without a look at the cache; not at all unless set. */
  readonly notAfter?: Date;
  /** Of the TUF metadata. */
  readonly versions?: Versions;
  readonly warnings: readonly string[];
}

export function cachedRoot(entry: Entry, settings: TrustSettings, now: Date): TrustRoot {
  checkTrustedRoot(entry.state.trustedRoot, `the trusted root of ${entry.mirror}`, 'TRUST_REFUSED');
  const state = freshness(entry, settings, now);
  return {
    trustedRoot: entry.state.trustedRoot,
    sha256: entry.sha256,
    state: state === 'future' ? 'expired' : state,
    description: `trust root of ${entry.mirror}, fetched ${age(entry.fetchedAt, now)}`,
    fetchedAt: entry.fetchedAt,
    ...(state === 'fresh' ? { notAfter: freshUntil(entry, settings) } : {}),
    versions: entry.versions,
    warnings: [],
  };
}

export function pinnedRoot({ name, trustedRoot }: FileSource): TrustRoot {
  return { trustedRoot, sha256: sha256Hex(trustedRoot), state: 'pinned', description: `trust root pinned as ${name}`, warnings: [] };
}

export async function seedRoot(now: Date): Promise<TrustRoot> {
  const { name, trustedRoot, issued } = await publicGoodSeed();
  checkTrustedRoot(trustedRoot, `the trusted root of ${name}`, 'TRUST_REFUSED');
  return { trustedRoot, sha256: sha256Hex(trustedRoot), state: 'seed', description: `trust root that ships with ${name}, issued about ${age(issued, now)}`, fetchedAt: issued, warnings: [] };
}

/** `3 h ago`, `12 days ago`, `in the future`. */
function age(then: Date, now: Date): string {
  const minutes = Math.floor((now.getTime() - then.getTime()) / 60_000);
  if (minutes < 0) return 'in the future';
  if (minutes < 120) return `${minutes} min ago`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h ago` : `${Math.floor(minutes / 1440)} days ago`;
}
