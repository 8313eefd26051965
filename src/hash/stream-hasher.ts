import pLimit, { type LimitFunction } from 'p-limit';
import { ProofError } from '../errors';
import type { FileDigest } from '../model/digest';
import { FolderGuard } from './folders';
import { hashFile, type FileReading, type Ring } from './hash-file';
import type { Hasher, HashOptions } from './hasher';
import { checkPath } from './paths';
import { abortedError } from './refusals';

const SMALL_BYTES = 64 * 1024;
const LARGE_BYTES = 1024 * 1024;
/** Files in flight. Reading is done by libuv's threads, four by default, and hashing by the main thread: more gains nothing. */
const DEFAULT_CONCURRENCY = 8;

/**
 * A hasher on the main thread. Memory: two buffers of 64 KB, or of 1 MB for larger files, for each of `concurrency` files in flight, shared by
 * all calls of hash().
 * @throws ProofError OPTION_INVALID when concurrency is not a whole number from 1
 */
export function createHasher(options: { concurrency?: number } = {}): Hasher {
  const concurrency = options.concurrency ?? DEFAULT_CONCURRENCY;
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new ProofError('OPTION_INVALID', `concurrency: ${concurrency} is not a whole number from 1`, { details: { option: 'concurrency', value: concurrency } });
  }
  return new StreamHasher(concurrency);
}

class StreamHasher implements Hasher {
  readonly #concurrency: number;
  readonly #limit: LimitFunction;
  readonly #small = new RingPool(SMALL_BYTES);
  readonly #large = new RingPool(LARGE_BYTES);

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
    this.#limit = pLimit(concurrency);
  }

  async *hash(root: string, paths: AsyncIterable<string> | Iterable<string>, options: HashOptions): AsyncGenerator<FileDigest> {
    const run = { ended: false };
    const stopped = (): boolean => run.ended || options.signal.aborted;
    const sha512 = options.sha512 === true;
    const window: Promise<FileDigest>[] = [];
    try {
      for await (const path of guarded(root, paths, stopped)) {
        const digest = this.#limit(() => this.#hashOne(root, path, { sha512, stopped }));
        digest.catch(() => undefined); // reported in its turn
        window.push(digest);
        if (window.length === this.#concurrency) yield* window.splice(0, 1);
      }
      yield* window;
    } finally {
      run.ended = true;
      await Promise.allSettled(window); // every file is closed before the caller goes on
    }
  }

  async #hashOne(root: string, path: string, reading: Omit<FileReading, 'ring'>): Promise<FileDigest> {
    let giveBack = (): void => undefined;
    const ring = (size: number): Ring => {
      const pool = size > SMALL_BYTES ? this.#large : this.#small;
      const lent = pool.take();
      giveBack = () => pool.giveBack(lent);
      return lent;
    };
    try {
      return await hashFile(root, path, { ...reading, ring });
    } finally {
      giveBack();
    }
  }

  close(): Promise<void> {
    this.#small.clear();
    this.#large.clear();
    return Promise.resolve();
  }
}

/** The paths, each checked by its spelling and for links above it; nothing is taken from the source before it is asked for. */
async function* guarded(root: string, paths: AsyncIterable<string> | Iterable<string>, stopped: () => boolean): AsyncGenerator<string> {
  const folders = new FolderGuard(root);
  for await (const path of paths) {
    if (stopped()) throw abortedError(path);
    checkPath(path);
    await folders.check(path);
    yield path;
  }
}

class RingPool {
  readonly #bytes: number;
  #free: Ring[] = [];

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  take(): Ring {
    return this.#free.pop() ?? [Buffer.allocUnsafeSlow(this.#bytes), Buffer.allocUnsafeSlow(this.#bytes)];
  }

  giveBack(ring: Ring): void {
    this.#free.push(ring);
  }

  clear(): void {
    this.#free = [];
  }
}
