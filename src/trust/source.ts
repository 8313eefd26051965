import { ProofError } from '../errors';
import { sha256Hex } from '../model/digest';
import { canonicalJson } from '../model/json';
import type { Trust } from '../model/types';
import { PUBLIC_GOOD, publicGoodSeed } from './seed';
import { checkTrustedRoot } from './trusted-root';

const HOUR_MS = 3600 * 1000;

/** A TUF repository, and the root.json that its metadata is verified from. */
export interface TufSource {
  readonly kind: 'tuf';
  /** Absolute URL without a final slash. */
  readonly mirror: string;
  readonly anchor: Buffer;
  /** Names the source's entry in the cache. */
  readonly id: string;
  readonly isPublicGood: boolean;
}

/** A trusted_root.json that somebody vouches for by naming it. */
export interface FileSource {
  readonly kind: 'file';
  readonly name: string;
  readonly trustedRoot: Buffer;
}

export type TrustSource = TufSource | FileSource;

/** How long what was fetched is used, and what may be used instead. */
export interface TrustSettings {
  readonly ttlMs: number;
  /** Counted from the fetch, as the time to live. */
  readonly maxStaleMs: number;
  readonly allowSeed: boolean;
  /** Open no connection. */
  readonly offline: boolean;
}

/** The `trust` of a policy with its defaults. */
export function trustSettings(trust: Trust | undefined, options: { readonly offline?: boolean } = {}): TrustSettings {
  return {
    ttlMs: (trust?.ttlHours ?? 24) * HOUR_MS,
    maxStaleMs: (trust?.maxStaleHours ?? 168) * HOUR_MS,
    allowSeed: trust?.allowSeed ?? false,
    offline: options.offline ?? false,
  };
}

/**
 * Where the policy says that the trust root comes from.
 * @param read reads a file that the policy names
 * @throws ProofError POLICY_INVALID, TRUSTED_ROOT_INVALID, and what `read` throws
 */
export async function trustSource(trust: Trust | undefined, read: (name: string) => Promise<Buffer>): Promise<TrustSource> {
  const root = trust?.root ?? 'public-good';
  if (root === 'public-good') return tufSource(PUBLIC_GOOD, (await publicGoodSeed()).tufRoot);
  if ('file' in root) return pinnedSource(root.file, await read(root.file));
  return tufSource(root.tuf.mirror, await read(root.tuf.rootFile));
}

/** @throws ProofError TRUSTED_ROOT_INVALID */
export function pinnedSource(name: string, trustedRoot: Buffer): FileSource {
  checkTrustedRoot(trustedRoot, name, 'TRUSTED_ROOT_INVALID');
  return { kind: 'file', name, trustedRoot };
}

/** @throws ProofError POLICY_INVALID for a mirror that is no URL, or one with a password, which would show in logs */
export function tufSource(mirror: string, anchor: Buffer): TufSource {
  const url = URL.canParse(mirror) ? new URL(mirror) : undefined;
  if (url === undefined || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new ProofError('POLICY_INVALID', 'trust.root.tuf.mirror of the policy must be an absolute URL without user, password, query and fragment', { details: { field: '/trust/root/tuf/mirror' } });
  }
  const plain = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  const id = sha256Hex(canonicalJson({ anchor: sha256Hex(anchor), kind: 'tuf', mirror: plain })).slice(0, 32);
  return { kind: 'tuf', mirror: plain, anchor, id, isPublicGood: plain === PUBLIC_GOOD };
}
