import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkPath } from './paths';
import { abortedError } from './refusals';

/** So many paths are taken from a source before the event loop gets its turn. */
const AT_ONCE = 512;

export interface PathSink {
  readonly hasRoom: () => boolean;
  readonly add: (path: string) => void;
}

/** Paths taken from an iterable as long as there is room for them, each checked by its spelling. */
export class PathSource {
  readonly #iterator: AsyncIterator<string> | Iterator<string>;
  readonly #stopped: () => boolean;
  #exhausted = false;
  #ended = false;

  /** @param stopped when it says true, the next path is the last */
  constructor(paths: AsyncIterable<string> | Iterable<string>, stopped: () => boolean) {
    this.#iterator = Symbol.asyncIterator in paths ? paths[Symbol.asyncIterator]() : paths[Symbol.iterator]();
    this.#stopped = stopped;
  }

  /** True when no more paths will come. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Takes paths until there is no more room, or none are left. @throws what the source throws; ProofError PATH_OUTSIDE, ARTIFACT_NAME, ABORTED */
  async fill(sink: PathSink): Promise<void> {
    try {
      for (let taken = 1; sink.hasRoom() && !this.#ended; taken += 1) {
        const pending = this.#next();
        const next = pending instanceof Promise ? await pending : pending;
        if (next.done === true) break;
        if (this.#stopped()) throw abortedError(next.value);
        checkPath(next.value);
        sink.add(next.value);
        if (taken % AT_ONCE === 0) await nextTurn();
      }
    } catch (error) {
      this.#ended = true;
      throw error;
    }
  }

  /** Not a promise where the source gives none: a list of paths is then taken without a turn of the event loop for each. */
  #next(): Promise<IteratorResult<string, unknown>> | IteratorResult<string, unknown> {
    // Unless it gives another path, there is nothing left to close.
    this.#exhausted = true;
    const next = this.#iterator.next();
    return 'then' in next ? next.then((result) => this.#noted(result)) : this.#noted(next);
  }

  #noted(next: IteratorResult<string, unknown>): IteratorResult<string, unknown> {
    this.#exhausted = next.done === true;
    this.#ended ||= this.#exhausted;
    return next;
  }

  /** Tells the source that no more is wanted, unless it has come to its end. */
  async close(): Promise<void> {
    this.#ended = true;
    if (!this.#exhausted) await this.#iterator.return?.();
  }
}
