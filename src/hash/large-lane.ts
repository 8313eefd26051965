/** Large files hashed on the main thread at a time: so many, and so many bytes; one is always let in. */
const MOST_FILES = 4;
const MOST_BYTES = 32 * 1024 * 1024;

interface Waiter {
  readonly size: number;
  readonly owner: unknown;
  readonly admit: (here: boolean) => void;
}

/** Lets few large files at a time be hashed on the main thread: more would gain nothing, and each has two large buffers. */
export class LargeLane {
  readonly #waiters: Waiter[] = [];
  readonly #onWait: () => void;
  #files = 0;
  #bytes = 0;

  /** @param onWait told when a file has to wait */
  constructor(onWait: () => void) {
    this.#onWait = onWait;
  }

  get busy(): boolean {
    return this.#files > 0;
  }

  /** Sum of the sizes of the files that wait. */
  get waitingBytes(): number {
    return this.#waiters.reduce((sum, { size }) => sum + size, 0);
  }

  /** True once a file of this size may be hashed here; false when it is to be hashed elsewhere. */
  enter(size: number, owner: unknown): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waiters.push({ size, owner, admit: resolve });
      this.#next();
      if (this.#waiters.length > 0) this.#onWait();
    });
  }

  leave(size: number): void {
    this.#files -= 1;
    this.#bytes -= size;
    this.#next();
  }

  /** Sends elsewhere what waits, be it all or what belongs to one owner. */
  divert(owner?: unknown): void {
    const all = this.#waiters.splice(0);
    const isMeant = (waiter: Waiter): boolean => owner === undefined || waiter.owner === owner;
    this.#waiters.push(...all.filter((waiter) => !isMeant(waiter)));
    for (const { admit } of all.filter(isMeant)) admit(false);
  }

  #next(): void {
    for (let [first] = this.#waiters; first !== undefined; [first] = this.#waiters) {
      const fits = this.#files === 0 || (this.#files < MOST_FILES && this.#bytes + first.size <= MOST_BYTES);
      if (!fits) return;
      this.#waiters.shift();
      this.#files += 1;
      this.#bytes += first.size;
      first.admit(true);
    }
  }
}
