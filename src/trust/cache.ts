import type { Env } from '../env';
import { ProofError, isProofError, isSystemError } from '../errors';
import type { Http } from '../http';
import { acquireLock, withLock } from '../lock';
import type { MachineKey } from '../machine-key';
import { sha256Hex } from '../model/digest';
import { operation } from '../telemetry';
import { downloadFrom, replay, type Download } from './download';
import type { Entry } from './entry';
import { findTrustFolder, openTrustFolder } from './folder';
import { freshness } from './freshness';
import { Journal } from './journal';
import { readSigned, type TufState } from './metadata';
import { cachedRoot, pinnedRoot, seedRoot, type TrustRoot } from './root';
import type { TrustSettings, TrustSource, TufSource } from './source';
import { TrustStore } from './store';
import { updateTuf } from './tuf';
import { UNSTORED, type Shelf } from './unstored';

export interface TrustContext {
  readonly env: Env;
  /** Absolute native path. */
  readonly workspaceRoot: string;
  readonly settings: TrustSettings;
  readonly http: Pick<Http, 'request'>;
  /** Undefined where none can be kept: entries are then verified each time. */
  readonly machineKey: MachineKey | undefined;
  /** Shared by the events of this look-up. */
  readonly correlation: string;
  /** Starts a refresh that neither delays nor keeps this process; without it a stale entry is used until it expires. */
  readonly refreshLater?: () => void;
}

/** Longer than any refresh may take. */
const LOCK_WAIT_MS = 60_000;
/** Stale entries are refreshed in the background at most this often. */
const ATTEMPT_GAP_MS = 60_000;

/**
 * The trust root of a source: a fresh entry of the cache; else, under a lock that all processes of the workspace share, a look again, a refresh, and
 * what was fetched is stored.
 * @throws ProofError TRUST_EXPIRED, TRUST_UNAVAILABLE, TRUST_REFUSED, TRUST_CACHE_UNSAFE, ENDPOINT_REFUSED, LOCK_TIMEOUT, ABORTED
 */
export async function loadTrustRoot(context: TrustContext, source: TrustSource): Promise<TrustRoot> {
  if (source.kind === 'tuf') return new Lookup(context, source).load();
  const journal = new Journal(context.env, source.name, context.correlation);
  journal.folder = await findTrustFolder(context.workspaceRoot);
  const root = pinnedRoot(source);
  await journal.note('pinned', { entry: root.sha256 });
  return { ...root, warnings: journal.warnings };
}

/**
 * Asks the source, whatever the cache holds; with `ifStale`, only if the entry is not fresh.
 * @throws ProofError as loadTrustRoot, and NETWORK_ERROR
 */
export function refreshTrustRoot(context: TrustContext, source: TufSource, options: { readonly ifStale?: boolean } = {}): Promise<TrustRoot> {
  return new Lookup(context, source).refresh(options.ifStale ?? false);
}

/** Takes over what `download` reads, verified as if it came from the source. When the source said so is not known: the entry is stale from the start. */
export function importTrustRoot(context: TrustContext, source: TufSource, download: Download, fetchedAt: Date): Promise<TrustRoot> {
  return new Lookup(context, source).import(download, fetchedAt);
}

class Lookup {
  readonly #context: TrustContext;
  readonly #source: TufSource;
  readonly #journal: Journal;

  constructor(context: TrustContext, source: TufSource) {
    this.#context = context;
    this.#source = source;
    this.#journal = new Journal(context.env, source.mirror, context.correlation);
  }

  async load(): Promise<TrustRoot> {
    const folder = await findTrustFolder(this.#context.workspaceRoot);
    if (folder !== undefined) {
      this.#journal.folder = folder;
      const store = new TrustStore(folder, this.#context.machineKey);
      const found = await store.look(this.#source);
      if (found.kind === 'entry' && found.entry.isProven) {
        const root = await this.#use(found.entry);
        if (root?.state === 'stale') await this.#claimRefresh(store);
        if (root !== undefined) return root;
      }
    }
    const began = this.#now();
    return this.#locked((shelf) => this.#loadLocked(shelf, began));
  }

  refresh(ifStale: boolean): Promise<TrustRoot> {
    const began = this.#now();
    return this.#locked(async (shelf) => {
      const previous = await this.#verified(shelf);
      if (ifStale && previous !== undefined && freshness(previous, this.#context.settings, this.#now()) === 'fresh') return this.#root(previous);
      return this.#root(await this.#fetch(shelf, previous, began));
    });
  }

  import(download: Download, fetchedAt: Date): Promise<TrustRoot> {
    return this.#locked(async (shelf) => {
      const previous = await this.#verified(shelf);
      const state = await this.#follow(shelf, previous, download);
      // Metadata that is known already says nothing new, least of all about when it was fetched.
      const isKnown = previous !== undefined && previous.fetchedAt >= fetchedAt && previous.sha256 === sha256Hex(state.trustedRoot);
      const entry = isKnown ? previous : await this.#keep(shelf, state, { fetchedAt, isUndated: true });
      await this.#journal.note('import', { entry: entry.sha256 });
      return this.#root(entry);
    });
  }

  /** The entry as a trust root, if it may be used now. */
  async #use(entry: Entry): Promise<TrustRoot | undefined> {
    const state = freshness(entry, this.#context.settings, this.#now());
    if (state !== 'fresh' && state !== 'stale') return undefined;
    await this.#journal.note(state === 'fresh' ? 'hit' : 'stale', { entry: entry.sha256 });
    return this.#root(entry);
  }

  #root(entry: Entry): TrustRoot {
    return { ...cachedRoot(entry, this.#context.settings, this.#now()), warnings: this.#journal.warnings };
  }

  /** Runs `work` with the cache, alone among all processes; without a cache where it cannot be written. */
  async #locked(work: (shelf: Shelf) => Promise<TrustRoot>): Promise<TrustRoot> {
    const folder = await openTrustFolder(this.#context.workspaceRoot);
    this.#journal.folder = folder;
    if (folder === undefined) return work(UNSTORED);
    const store = new TrustStore(folder, this.#context.machineKey);
    return withLock(store.lockFile(this.#source), { waitMs: LOCK_WAIT_MS, signal: this.#context.env.signal }, () => work(store));
  }

  async #loadLocked(shelf: Shelf, began: Date): Promise<TrustRoot> {
    const previous = await this.#verified(shelf);
    const root = previous === undefined ? undefined : await this.#use(previous);
    if (root?.state === 'stale') await this.#refreshLater(shelf);
    if (root !== undefined) return root;
    await this.#journal.note(previous === undefined ? 'miss' : 'expired', previous === undefined ? {} : { entry: previous.sha256 });
    try {
      if (this.#context.settings.offline) throw new ProofError('NETWORK_ERROR', 'no connection is to be opened (--offline)');
      return this.#root(await this.#fetch(shelf, previous, began));
    } catch (error) {
      return this.#instead(error, previous);
    }
  }

  /** The entry of the cache, once its MAC or else its signed metadata vouches for it. What neither does is set aside. */
  async #verified(shelf: Shelf): Promise<Entry | undefined> {
    const found = await shelf.look(this.#source);
    if (found.kind === 'missing') return undefined;
    if (found.kind === 'entry' && found.entry.isProven) return found.entry;
    try {
      if (found.kind === 'damaged') throw new ProofError('TRUST_REFUSED', found.reason);
      return await this.#reverify(shelf, found.entry);
    } catch (error) {
      if (!isProofError(error) || error.code === 'ABORTED') throw error;
      await shelf.setAside(this.#source, this.#now());
      await this.#journal.note('refusal', { reason: error.message });
      return undefined;
    }
  }

  async #reverify(shelf: Shelf, { state, fetchedAt }: Entry): Promise<Entry> {
    if (fetchedAt > this.#now()) throw new ProofError('TRUST_REFUSED', 'the cache entry says that it was fetched in the future');
    const first = readSigned(this.#source.anchor, 'root.json').version + 1;
    return this.#keep(shelf, await this.#follow(shelf, undefined, replay(state, first)), { fetchedAt, isUndated: true });
  }

  async #fetch(shelf: Shelf, previous: Entry | undefined, began: Date): Promise<Entry> {
    const failed = await shelf.lastAttempt(this.#source);
    // Who waited for the lock while another process failed would only fail again, one after the other.
    if (failed?.failure !== undefined && failed.at >= began && failed.at <= this.#now()) {
      const code = failed.failure.code === 'TRUST_REFUSED' ? 'TRUST_REFUSED' : 'NETWORK_ERROR';
      throw new ProofError(code, `${failed.failure.message} (as another process found)`);
    }
    try {
      const download = downloadFrom(this.#context.http, this.#source.mirror);
      const entry = await operation(this.#context.env, 'trust.refresh', async () =>
        this.#keep(shelf, await this.#follow(shelf, previous, download), { fetchedAt: this.#now(), isUndated: false }),
      );
      await this.#journal.note('refresh', { entry: entry.sha256 });
      return entry;
    } catch (error) {
      if (!isProofError(error) || (error.code !== 'TRUST_REFUSED' && error.code !== 'NETWORK_ERROR')) throw error;
      await shelf.noteAttempt(this.#source, { at: this.#now(), failure: { code: error.code, message: error.message } });
      await this.#journal.note(error.code === 'TRUST_REFUSED' ? 'refusal' : 'unavailable', { reason: error.message });
      throw error;
    }
  }

  /** The state of the repository that `download` reads, verified from what is known of it. */
  #follow(shelf: Shelf, previous: Entry | undefined, download: Download): Promise<TufState> {
    const { anchor } = this.#source;
    return shelf.withFolder((folder) => updateTuf({ anchor, previous: previous?.state, download, folder, now: this.#now() }));
  }

  async #keep(shelf: Shelf, state: TufState, times: Pick<Entry, 'fetchedAt' | 'isUndated'>): Promise<Entry> {
    try {
      return await shelf.write(this.#source, state, times);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      this.#journal.warnings.push(`the trust cache cannot be written: ${error.message}`);
      return UNSTORED.write(this.#source, state, times);
    }
  }

  /** What serves when the source cannot be reached. A source that was reached and refused is never replaced by the seed. */
  async #instead(error: unknown, previous: Entry | undefined): Promise<TrustRoot> {
    if (!isProofError(error) || error.code !== 'NETWORK_ERROR') throw error;
    const { settings } = this.#context;
    if (this.#source.isPublicGood && (settings.allowSeed || settings.offline)) {
      const root = await seedRoot(this.#now());
      await this.#journal.note('seed', { entry: root.sha256, reason: root.description });
      return { ...root, warnings: this.#journal.warnings };
    }
    const details = { origin: this.#source.mirror };
    if (previous === undefined) throw new ProofError('TRUST_UNAVAILABLE', `there is no trust root of ${this.#source.mirror} yet: ${error.message}`, { cause: error, details });
    const root = this.#root(previous);
    throw new ProofError('TRUST_EXPIRED', `the ${root.description} is not used any more, and there is no newer one: ${error.message}`, { cause: error, details });
  }

  /** Starts a refresh in the background unless another process is at it. */
  async #claimRefresh(store: TrustStore): Promise<void> {
    try {
      const lock = await acquireLock(store.lockFile(this.#source), { waitMs: 0, signal: this.#context.env.signal });
      if (lock === undefined) return;
      await this.#refreshLater(store).finally(() => lock.release());
    } catch (error) {
      // A cache that can be read but not written.
      if (!isSystemError(error)) throw error;
    }
  }

  async #refreshLater(shelf: Shelf): Promise<void> {
    const { settings, refreshLater } = this.#context;
    if (refreshLater === undefined || settings.offline) return;
    const now = this.#now();
    const last = (await shelf.lastAttempt(this.#source))?.at;
    if (last !== undefined && last <= now && now.getTime() - last.getTime() < ATTEMPT_GAP_MS) return;
    await shelf.noteAttempt(this.#source, { at: now });
    refreshLater();
  }

  #now(): Date {
    return this.#context.env.now();
  }
}
