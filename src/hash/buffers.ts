import type { Ring } from './hash-file';

/** Rings of buffers of one size, made when needed and used again. */
export class RingPool {
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
