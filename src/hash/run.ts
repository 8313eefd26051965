import { Bell } from './bell';
import type { Estimate } from './cost';
import { FolderGuard } from './folders';
import type { HashedFile, HashOptions } from './hasher';
import type { InProcess } from './in-process';
import { PathSource } from './path-source';
import type { Done, WorkerPool } from './pool';
import { abortedError } from './refusals';
import { PathQueue, Slots, type Slot } from './slots';

/** So many paths at most are taken from the source and not given out as digests yet; those of one message are given out together. */
export const MAX_AHEAD = 16_384;
/** Files for one message to a worker: about so many bytes, within these limits. */
const BATCH_BYTES = 4 * 1024 * 1024;
export const LARGEST_BATCH = 256;
const SMALLEST_BATCH = 16;

/** What the runs of one hasher share. */
export interface Shared {
  readonly inProcess: InProcess;
  readonly estimate: Estimate;
  readonly pool: WorkerPool | undefined;
  /** True while workers are starting: meanwhile the processors are theirs, and nothing new is begun here. */
  readonly booting: boolean;
  /** Starts workers if they pay for what is left to do. */
  considerWorkers(): void;
  /** Something is done: others may have room now. */
  onDone(): void;
}

/** One call of Hasher.hash: takes paths, has them hashed where there is room, and gives out the digests in order. */
export class Run {
  readonly #shared: Shared;
  readonly #root: string;
  readonly #options: HashOptions;
  readonly #source: PathSource;
  readonly #folders: FolderGuard;
  readonly #pending = new PathQueue();
  readonly #slots = new Slots();
  readonly #bell = new Bell();
  readonly #stop = new Int32Array(new SharedArrayBuffer(4));
  #ahead = 0;
  #active = 0;
  #filling = false;
  #wakeScheduled = false;
  #sourceFailure: { readonly error: unknown } | undefined;

  constructor(shared: Shared, root: string, paths: AsyncIterable<string> | Iterable<string>, options: HashOptions) {
    this.#shared = shared;
    this.#root = root;
    this.#options = options;
    this.#source = new PathSource(paths, () => this.#stopped);
    this.#folders = new FolderGuard(root);
  }

  /** Paths that nobody has begun to hash. */
  get waiting(): number {
    return this.#pending.length;
  }

  readonly wake = (): void => this.#bell.ring();

  /** Ends the work on what has been begun, as soon as possible. */
  readonly stop = (): void => {
    Atomics.store(this.#stop, 0, 1);
    this.#shared.inProcess.lane.divert(this);
    this.#bell.ring();
  };

  get #stopped(): boolean {
    return this.#stop[0] !== 0 || this.#options.signal.aborted;
  }

  /** The next digests, in order; undefined after the last. At least one at a time. @throws as Hasher.hash; then, as in the end, close() is called */
  async next(): Promise<readonly HashedFile[] | undefined> {
    for (;;) {
      this.#refuseIfStopped();
      this.#fill();
      this.#dispatch();
      const { head } = this.#slots;
      if (head?.digests !== undefined) {
        if (head.digests.length === 0 && head.failure !== undefined) throw head.failure.error;
        const { digests } = head;
        // A failure comes in its turn: after what was hashed before it.
        if (head.failure === undefined) this.#slots.removeHead();
        else head.digests = [];
        this.#ahead -= digests.length;
        if (digests.length > 0) return digests;
      } else if (head === undefined && this.#pending.length === 0 && this.#source.ended && !this.#filling) {
        if (this.#sourceFailure !== undefined) throw this.#sourceFailure.error;
        return undefined;
      } else {
        await this.#bell.wait();
      }
    }
  }

  #refuseIfStopped(): void {
    const next = this.#slots.head?.paths[0] ?? this.#pending.first;
    if (this.#stopped && next !== undefined) throw abortedError(next);
  }

  /** Ends the run: settles when every file is closed and the source has been told. */
  async close(): Promise<void> {
    this.stop();
    while (this.#active > 0) await this.#bell.wait();
    await this.#source.close();
  }

  #fill(): void {
    if (this.#filling || this.#source.ended || this.#ahead >= MAX_AHEAD) return;
    this.#filling = true;
    const ended = (): void => {
      this.#filling = false;
      this.#bell.ring();
    };
    const failed = (error: unknown): void => {
      this.#sourceFailure = { error };
      ended();
    };
    this.#source.fill({ hasRoom: () => this.#ahead < MAX_AHEAD, add: (path) => this.#add(path) }).then(ended, failed);
  }

  #add(path: string): void {
    this.#ahead += 1;
    this.#pending.push(path);
    if (this.#pending.length >= LARGEST_BATCH) this.#bell.ring();
    else this.#wakeSoon();
  }

  /** Names that a source gives within one turn of the event loop are dealt with together. */
  #wakeSoon(): void {
    if (this.#wakeScheduled) return;
    this.#wakeScheduled = true;
    setImmediate(() => {
      this.#wakeScheduled = false;
      this.#bell.ring();
    });
  }

  #dispatch(): void {
    const { inProcess, estimate } = this.#shared;
    if (!inProcess.isEnough(this.#pending.length)) this.#shared.considerWorkers();
    while (this.#pending.length > 0) {
      const { pool } = this.#shared;
      const isLittle = pool === undefined || estimate.isLittle(this.#pending.length);
      if (isLittle && inProcess.hasRoom && !this.#shared.booting) this.#hashHere();
      else if (pool === undefined || !this.#sendBatch(pool)) break;
    }
  }

  #hashHere(): void {
    for (const path of this.#pending.take(1)) {
      const slot = this.#slots.append({ paths: [path] });
      const file = { root: this.#root, folders: this.#folders, stopped: () => this.#stopped, owner: this, ...this.#extras };
      void this.#track(slot, async () => {
        const digest = await this.#shared.inProcess.hash(path, file);
        if (digest !== undefined) slot.digests = [digest];
        else await this.#hashThere(slot);
      });
    }
  }

  get #extras(): Pick<HashOptions, 'sha512' | 'state'> {
    const { sha512 = false, state = false } = this.#options;
    return { sha512, state };
  }

  /** False when the workers have enough to do, or there is too little yet for a message worth sending. */
  #sendBatch(pool: WorkerPool): boolean {
    const { inProcess, estimate } = this.#shared;
    // The main thread counts as one of those that hash.
    const room = pool.room(inProcess.lane.busy ? 1 : 0);
    const most = estimate.filesIn(BATCH_BYTES, 1, LARGEST_BATCH);
    const waits = this.#pending.length < most && !this.#source.ended && room.idle === 0;
    if (room.orders <= 0 || waits) return false;
    // The rest is shared out evenly, so that no worker is left alone with it.
    const share = Math.max(Math.min(most, SMALLEST_BATCH), Math.ceil(this.#pending.length / room.orders));
    const slot = this.#slots.append({ paths: this.#pending.take(Math.min(most, share)) });
    void this.#track(slot, () => this.#hashThere(slot));
    return true;
  }

  async #hashThere(slot: Slot): Promise<void> {
    const { pool } = this.#shared;
    if (pool === undefined || this.#stopped) throw abortedError(slot.paths[0] ?? '');
    const { digests, failure }: Done = await pool.run({ root: this.#root, paths: slot.paths.join('\0'), stop: this.#stop, ...this.#extras });
    if (failure !== undefined) slot.failure = { error: failure };
    else if (digests.length < slot.paths.length) {
      const rest = this.#slots.insertAfter(slot, { paths: slot.paths.slice(digests.length) });
      void this.#track(rest, () => this.#hashThere(rest));
    }
    slot.digests = digests;
  }

  async #track(slot: Slot, work: () => Promise<void>): Promise<void> {
    this.#active += 1;
    try {
      await work();
    } catch (error) {
      slot.digests ??= [];
      slot.failure = { error };
    } finally {
      this.#active -= 1;
      this.#bell.ring();
      this.#shared.onDone();
    }
  }
}
