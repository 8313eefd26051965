import { setTimeout as sleep } from 'node:timers/promises';
import { isProofError } from '../errors';
import { RingPool } from './buffers';
import type { Estimate } from './cost';
import type { FolderGuard } from './folders';
import { hashFile, type Ring } from './hash-file';
import type { HashedFile, HashOptions } from './hasher';
import { LargeLane } from './large-lane';
import { DESCRIPTOR_PAUSES, NO_DESCRIPTOR } from './open-file';

const SMALL_BYTES = 64 * 1024;
const LARGE_BYTES = 1024 * 1024;

export interface InProcessFile extends Pick<HashOptions, 'sha512' | 'state'> {
  readonly root: string;
  readonly folders: FolderGuard;
  readonly stopped: () => boolean;
  /** Whose file it is, for LargeLane.divert. */
  readonly owner: unknown;
}

/**
 * Hashes on the main thread without ever blocking it for longer than it takes to hash 1 MB: `concurrency` files at a time are opened and read by the
 * threads of libuv. Memory: two buffers of 64 KB for each, and two of 1 MB for each of the few large files that are let in at a time.
 */
export class InProcess {
  readonly lane: LargeLane;
  /** Less than what was asked for once descriptors have run out. */
  #concurrency: number;
  readonly #estimate: Estimate;
  readonly #small = new RingPool(SMALL_BYTES);
  readonly #large = new RingPool(LARGE_BYTES);
  #files = 0;
  #open = 0;
  #bytesRead = 0;

  /** @param onWait told when a large file has to wait for others */
  constructor(concurrency: number, estimate: Estimate, onWait: () => void) {
    this.#concurrency = concurrency;
    this.#estimate = estimate;
    this.lane = new LargeLane(onWait);
  }

  get hasRoom(): boolean {
    return this.#files < this.#concurrency;
  }

  /** True when there is room for so many files right now. */
  isEnough(files: number): boolean {
    return this.#files + files <= this.#concurrency;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Undefined when the file is large and to be hashed elsewhere. @throws as hashFile does */
  async hash(path: string, file: InProcessFile): Promise<HashedFile | undefined> {
    this.#files += 1;
    try {
      await file.folders.check(path);
      for (let pauses = 0; ; pauses += 1) {
        try {
          return await this.#hashNow(path, file);
        } catch (error) {
          if (!lacksDescriptor(error)) throw error;
          // Those that are open will be closed: as long as there are any, patience is not used up.
          if (this.#open > 0) pauses = Math.min(pauses, 3);
          const pause = DESCRIPTOR_PAUSES[pauses];
          if (pause === undefined) throw error;
          this.#concurrency = Math.max(1, Math.min(this.#concurrency, this.#open));
          await sleep(pause);
        }
      }
    } finally {
      this.#files -= 1;
    }
  }

  async #hashNow(path: string, { root, owner, folders: _folders, ...options }: InProcessFile): Promise<HashedFile | undefined> {
    let giveBack = (): void => undefined;
    let opened = 0;
    try {
      const ring = (size: number): Ring | Promise<Ring | undefined> => {
        this.#open += opened = 1;
        this.#estimate.add(size);
        if (size > SMALL_BYTES) return this.#enter(size, owner, (leave) => (giveBack = leave));
        const lent = this.#small.take();
        giveBack = () => this.#small.giveBack(lent);
        return lent;
      };
      const digest = await hashFile(root, path, { ...options, ring, onRead: (bytes) => void (this.#bytesRead += bytes) });
      if (digest !== undefined) this.#estimate.spent(digest.size);
      return digest;
    } finally {
      giveBack();
      this.#open -= opened;
    }
  }

  async #enter(size: number, owner: unknown, onEntered: (leave: () => void) => void): Promise<Ring | undefined> {
    if (!(await this.lane.enter(size, owner))) return undefined;
    const lent = this.#large.take();
    onEntered(() => {
      this.#large.giveBack(lent);
      this.lane.leave(size);
    });
    return lent;
  }

  clear(): void {
    this.#small.clear();
    this.#large.clear();
  }
}

const lacksDescriptor = (error: unknown): boolean => isProofError(error) && NO_DESCRIPTOR.has(error.details['errno']);
