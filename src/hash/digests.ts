import type { HashedFile } from './hasher';
import type { Run } from './run';

/**
 * The digests of a run, one by one. By hand, because a generator over a generator costs more for each of many small files than the main thread
 * spends on it otherwise.
 */
export class Digests implements AsyncIterableIterator<HashedFile, undefined> {
  readonly #open: () => Run;
  readonly #close: (run: Run) => Promise<void>;
  #run: Run | undefined;
  #ended = false;
  #current: readonly HashedFile[] = [];
  #given = 0;

  /** @param open called with the first digest that is asked for */
  constructor(open: () => Run, close: (run: Run) => Promise<void>) {
    this.#open = open;
    this.#close = close;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<HashedFile, undefined>> {
    const value = this.#current[this.#given];
    if (value === undefined) return this.#more();
    this.#given += 1;
    return Promise.resolve({ done: false, value });
  }

  async #more(): Promise<IteratorResult<HashedFile, undefined>> {
    if (this.#ended) return { done: true, value: undefined };
    try {
      this.#run ??= this.#open();
      const digests = await this.#run.next();
      if (digests !== undefined) {
        this.#current = digests;
        this.#given = 0;
        return await this.next();
      }
    } catch (error) {
      await this.return();
      throw error;
    }
    return this.return();
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    const run = this.#ended ? undefined : this.#run;
    this.#ended = true;
    this.#current = [];
    if (run !== undefined) await this.#close(run);
    return { done: true, value: undefined };
  }
}
