import type { HashedFile } from './hasher';

/** Some paths that are being hashed, in their place among all. */
export interface Slot {
  readonly paths: readonly string[];
  /** Of the paths, in their order; of those before the one that failed, if there is a failure. */
  digests?: readonly HashedFile[];
  failure?: { readonly error: unknown };
  next?: Slot;
}

/** Slots in the order in which their digests are given out. */
export class Slots {
  #head: Slot | undefined;
  #tail: Slot | undefined;

  get head(): Slot | undefined {
    return this.#head;
  }

  append(slot: Slot): Slot {
    if (this.#tail === undefined) this.#head = slot;
    else this.#tail.next = slot;
    this.#tail = slot;
    return slot;
  }

  insertAfter(before: Slot, slot: Slot): Slot {
    if (before.next === undefined) return this.append(slot);
    slot.next = before.next;
    before.next = slot;
    return slot;
  }

  removeHead(): void {
    this.#head = this.#head?.next;
    if (this.#head === undefined) this.#tail = undefined;
  }
}

/** Paths that wait, first come, first served. */
export class PathQueue {
  #paths: string[] = [];
  #from = 0;

  get length(): number {
    return this.#paths.length - this.#from;
  }

  get first(): string | undefined {
    return this.#paths[this.#from];
  }

  push(path: string): void {
    this.#paths.push(path);
  }

  take(most: number): string[] {
    const taken = this.#paths.slice(this.#from, this.#from + most);
    this.#from += taken.length;
    if (this.#from > 1024 && this.#from * 2 > this.#paths.length) {
      this.#paths = this.#paths.slice(this.#from);
      this.#from = 0;
    }
    return taken;
  }
}
