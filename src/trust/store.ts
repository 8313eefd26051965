import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { isProofError } from '../errors';
import { lstatIfExists, printable, readDocument, writeFileAtomic } from '../files';
import type { MachineKey } from '../machine-key';
import { parseJson } from '../model/json';
import { decodeEntry, encodeEntry, entryOf, type Entry } from './entry';
import type { EntryTimes } from './freshness';
import type { TufState } from './metadata';
import type { TufSource } from './source';
import type { Shelf } from './unstored';

/** What lies in the cache for a source. */
export type Found =
  | { readonly kind: 'missing' }
  | { readonly kind: 'damaged'; readonly reason: string }
  | { readonly kind: 'entry'; readonly entry: Entry };

/** The last attempt to refresh an entry. */
export interface Attempt {
  readonly at: Date;
  /** Undefined while it runs, and when it went well. */
  readonly failure?: { readonly code: string; readonly message: string };
}

const MAX_ENTRY_BYTES = 16 * 1024 * 1024;
const KEPT_ASIDE = 8;
const ASIDE = /^[0-9a-f]{32}\.entry\.damaged-/;

/** The files of the trust cache. One read path: whatever is read is checked. */
export class TrustStore implements Shelf {
  readonly folder: string;
  readonly #key: MachineKey | undefined;

  constructor(folder: string, key: MachineKey | undefined) {
    this.folder = folder;
    this.#key = key;
  }

  /** Held while an entry is refreshed. */
  lockFile({ id }: TufSource): string {
    return path.join(this.folder, `${id}.lock`);
  }

  /** Absolute native path. */
  entryFile({ id }: TufSource): string {
    return path.join(this.folder, `${id}.entry`);
  }

  async look(source: TufSource): Promise<Found> {
    const file = this.entryFile(source);
    if ((await lstatIfExists(file)) === undefined) return { kind: 'missing' };
    try {
      const bytes = await readDocument(file, { missing: 'JSON_INVALID', what: 'cache entry', maxBytes: MAX_ENTRY_BYTES });
      return { kind: 'entry', entry: decodeEntry(bytes, source, this.#key) };
    } catch (error) {
      if (isProofError(error)) return { kind: 'damaged', reason: error.message };
      throw error;
    }
  }

  /** Publishes an entry in one step. */
  async write(source: TufSource, state: TufState, times: Pick<EntryTimes, 'fetchedAt' | 'isUndated'>): Promise<Entry> {
    const bytes = encodeEntry(source, state, times, this.#key);
    await writeFileAtomic(this.entryFile(source), bytes, { mode: 0o600 });
    return entryOf(source, state, times, this.#key !== undefined);
  }

  /** Moves an entry that cannot be used out of the way, for people to look at; the newest few are kept. */
  async setAside(source: TufSource, now: Date): Promise<void> {
    const file = this.entryFile(source);
    const stamp = now.toISOString().replace(/[-:]/g, '').slice(0, 15);
    await rename(file, `${file}.damaged-${stamp}-${randomBytes(3).toString('hex')}`);
    const aside = (await readdir(this.folder)).filter((name) => ASIDE.test(name)).sort((a, b) => (stampOf(a) < stampOf(b) ? -1 : 1));
    for (const name of aside.slice(0, -KEPT_ASIDE)) await rm(path.join(this.folder, name), { recursive: true, force: true });
  }

  /** Runs `work` with an empty folder that nobody else uses; under the lock, so that whatever such folders there are were left behind. */
  async withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
    for (const name of await readdir(this.folder)) {
      if (name.startsWith('refresh-')) await rm(path.join(this.folder, name), { recursive: true, force: true });
    }
    const folder = path.join(this.folder, `refresh-${randomBytes(8).toString('hex')}`);
    await mkdir(folder, { mode: 0o700 });
    try {
      return await work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async lastAttempt(source: TufSource): Promise<Attempt | undefined> {
    try {
      const bytes = await readDocument(this.#attemptFile(source), { missing: 'JSON_INVALID', what: 'attempt', maxBytes: 4096 });
      const { at, failure } = parseJson(bytes, 'attempt') as { at: string; failure?: { code: string; message: string } };
      const attempt = { at: new Date(at) };
      return failure === undefined ? attempt : { ...attempt, failure: { code: String(failure.code), message: printable(String(failure.message)) } };
    } catch {
      // Only saves work: without it, one more attempt is made.
      return undefined;
    }
  }

  async noteAttempt(source: TufSource, attempt: Attempt): Promise<void> {
    const { at, failure } = attempt;
    await writeFileAtomic(this.#attemptFile(source), JSON.stringify({ at: at.toISOString(), failure: failure && { ...failure, message: failure.message.slice(0, 1000) } }), { mode: 0o600 });
  }

  /** Removes entries, and what was set aside, that were written before `before`; all unless given. @returns the names of the files removed */
  async clear(before: Date | undefined): Promise<string[]> {
    const removed: string[] = [];
    for (const name of (await readdir(this.folder)).sort()) {
      if (!/^[0-9a-f]{32}\.(entry|attempt)/.test(name)) continue;
      const file = path.join(this.folder, name);
      if (before !== undefined && (await stat(file)).mtime >= before) continue;
      await rm(file, { recursive: true, force: true });
      removed.push(name);
    }
    return removed;
  }

  #attemptFile({ id }: TufSource): string {
    return path.join(this.folder, `${id}.attempt`);
  }
}

const stampOf = (name: string): string => name.slice(name.indexOf('.damaged-'));
