import { ProofError } from '../errors';
import type { MachineKey } from '../machine-key';
import { sha256Hex } from '../model/digest';
import { canonicalJson, parseJson } from '../model/json';
import { summarise, type TufState, type TufSummary } from './metadata';
import type { EntryTimes } from './freshness';
import type { TufSource } from './source';

/** What the cache knows of one trust source. */
export interface Entry extends EntryTimes, TufSummary {
  readonly mirror: string;
  readonly state: TufState;
  /** sha256 of the trusted root. */
  readonly sha256: string;
  /** Carries a valid MAC: nx-proof wrote it on this machine, after verifying it. */
  readonly isProven: boolean;
}

const FORMAT = 'nx-proof trust entry 1';
const MAX_ROOTS = 1024;
const MAX_ROLES = 64;
/** Files of metadata are written to a folder under these names. */
const ROLE_FILE = /^[A-Za-z0-9%_-][A-Za-z0-9%._-]{0,127}\.json$/;

interface Header {
  readonly format: string;
  readonly sha256: string;
  readonly mac?: string;
}

interface Body {
  readonly anchor: string;
  readonly fetchedAt: string;
  readonly isUndated: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly mirror: string;
  readonly roots: readonly string[];
  readonly trustedRoot: string;
}

/**
 * An entry as it is stored: one line with format, sha256 and MAC of the next, and that line. What is checked is what was written, byte for byte,
 * before any of it is parsed.
 */
export function encodeEntry(source: TufSource, state: TufState, times: Pick<EntryTimes, 'fetchedAt' | 'isUndated'>, key: MachineKey | undefined): Buffer {
  const text = (bytes: Buffer): string => bytes.toString('base64');
  const body: Body = {
    anchor: sha256Hex(source.anchor),
    fetchedAt: times.fetchedAt.toISOString(),
    isUndated: times.isUndated,
    metadata: Object.fromEntries([...state.metadata].map(([name, bytes]) => [name, text(bytes)])),
    mirror: source.mirror,
    roots: state.roots.map(text),
    trustedRoot: text(state.trustedRoot),
  };
  const line = Buffer.from(canonicalJson(body));
  const header: Header = { format: FORMAT, sha256: sha256Hex(line), ...(key === undefined ? {} : { mac: key.mac('trust-entry', line) }) };
  return Buffer.concat([Buffer.from(`${canonicalJson(header)}\n`), line, Buffer.from('\n')]);
}

/**
 * Reads an entry of this source.
 * @throws ProofError JSON_INVALID for one that is truncated, changed, of another source, or none
 */
export function decodeEntry(bytes: Buffer, source: TufSource, key: MachineKey | undefined): Entry {
  const end = bytes.indexOf(0x0a);
  const line = bytes.subarray(end + 1, -1);
  if (end < 0 || bytes.at(-1) !== 0x0a) throw damaged('it is cut short');
  const { format, sha256, mac } = objectOf(bytes.subarray(0, end)) as Partial<Header>;
  if (format !== FORMAT) throw damaged(`its format is ${JSON.stringify(format)}, not ${JSON.stringify(FORMAT)}`);
  if (sha256 !== sha256Hex(line)) throw damaged('its checksum does not match');
  const isProven = key !== undefined && typeof mac === 'string' && key.verify('trust-entry', line, mac);
  return readBody(objectOf(line) as Partial<Body>, source, isProven);
}

function readBody(body: Partial<Body>, source: TufSource, isProven: boolean): Entry {
  if (body.mirror !== source.mirror || body.anchor !== sha256Hex(source.anchor)) throw damaged('it is of another trust source');
  const fetchedAt = new Date(typeof body.fetchedAt === 'string' ? body.fetchedAt : Number.NaN);
  if (Number.isNaN(fetchedAt.getTime())) throw damaged('it does not say when it was fetched');
  const state = readState(body);
  return entryOf(source, state, { fetchedAt, isUndated: !isProven || body.isUndated !== false }, isProven);
}

/** @throws ProofError JSON_INVALID for metadata that is no JSON */
export function entryOf(source: TufSource, state: TufState, times: Pick<EntryTimes, 'fetchedAt' | 'isUndated'>, isProven: boolean): Entry {
  return { mirror: source.mirror, ...times, isProven, state, sha256: sha256Hex(state.trustedRoot), ...summarise(state, source.anchor) };
}

function readState({ roots, metadata, trustedRoot }: Partial<Body>): TufState {
  const names = typeof metadata === 'object' && metadata !== null ? Object.entries(metadata) : [];
  if (!Array.isArray(roots) || roots.length > MAX_ROOTS || names.length > MAX_ROLES) throw damaged('its metadata is incomplete');
  if (names.some(([name]) => !ROLE_FILE.test(name))) throw damaged('its metadata has names that no role has');
  return { roots: roots.map(bytesOf), metadata: new Map(names.map(([name, text]) => [name, bytesOf(text)])), trustedRoot: bytesOf(trustedRoot) };
}

function bytesOf(text: unknown): Buffer {
  if (typeof text !== 'string') throw damaged('its metadata is incomplete');
  return Buffer.from(text, 'base64');
}

function objectOf(line: Buffer): unknown {
  const value = parseJson(line, 'the cache entry');
  return typeof value === 'object' && value !== null ? value : {};
}

const damaged = (why: string): ProofError => new ProofError('JSON_INVALID', `the cache entry cannot be used: ${why}`, { details: { why } });
