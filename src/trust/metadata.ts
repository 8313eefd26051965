import type { ErrorCode } from '../errors';
import { parseJson } from '../model/json';

/** What a TUF repository said at one time: signed metadata, byte for byte, and the target. */
export interface TufState {
  /** Every root.json after the anchor, oldest first. */
  readonly roots: readonly Buffer[];
  /** The other metadata by the name of its file, without version: `timestamp.json`, `snapshot.json`, `targets.json`, and delegated roles. */
  readonly metadata: ReadonlyMap<string, Buffer>;
  readonly trustedRoot: Buffer;
}

/** The roles whose versions may only grow (TUF specification 1.0.33, sections 5.3 to 5.6). */
export const ROLES = ['root', 'timestamp', 'snapshot', 'targets'] as const;
export type Role = (typeof ROLES)[number];
export type Versions = Readonly<Record<Role, number>>;

/** The end of the metadata's validity, and its versions. */
export interface TufSummary {
  readonly versions: Versions;
  /** When the first of it expires. */
  readonly expires: Date;
}

export interface Signed {
  readonly version: number;
  readonly expires: Date;
}

/**
 * The version and end of validity of one file of metadata. Verifies nothing.
 * @throws ProofError with `code` for what is no JSON
 */
export function readSigned(bytes: Uint8Array, what: string, code: ErrorCode = 'JSON_INVALID'): Signed {
  const document = parseJson(bytes, what, code) as { readonly signed?: { readonly version?: unknown; readonly expires?: unknown } } | null;
  const { version, expires } = document?.signed ?? {};
  const time = typeof expires === 'string' ? Date.parse(expires) : Number.NaN;
  // Without these nothing can be compared; such a file compares as the oldest.
  return { version: Number.isSafeInteger(version) ? (version as number) : 0, expires: new Date(Number.isNaN(time) ? 0 : time) };
}

/** @throws ProofError JSON_INVALID for metadata that is missing or no JSON */
export function summarise(state: TufState, anchor: Buffer): TufSummary {
  const root = readSigned(state.roots.at(-1) ?? anchor, 'root.json');
  const others = new Map([...state.metadata].map(([name, bytes]) => [name, readSigned(bytes, name)]));
  const version = (role: Role): number => others.get(`${role}.json`)?.version ?? 0;
  const expires = Math.min(root.expires.getTime(), ...[...others.values()].map((signed) => signed.expires.getTime()));
  return {
    versions: { root: root.version, timestamp: version('timestamp'), snapshot: version('snapshot'), targets: version('targets') },
    expires: new Date(expires),
  };
}

/** The first role whose version went back. */
export function rolledBack(before: Versions, after: Versions): Role | undefined {
  return ROLES.find((role) => after[role] < before[role]);
}
