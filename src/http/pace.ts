import type { Timing } from './types';

/** Keeps the requests to one origin apart: at most `rate` a second, and none while the service has asked for a pause. */
export class Pace {
  readonly #gapMs: number;
  readonly #timing: Timing;
  /** When the next request may leave, by origin. */
  readonly #next = new Map<string, number>();

  constructor(rate: number | undefined, timing: Timing) {
    this.#gapMs = rate === undefined ? 0 : 1000 / rate;
    this.#timing = timing;
  }

  /** Waits for the caller's turn. */
  async turn(origin: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      const now = this.#timing.elapsed();
      const at = this.#next.get(origin) ?? now;
      if (at <= now) {
        this.#next.set(origin, now + this.#gapMs);
        return;
      }
      await this.#timing.sleep(at - now, signal);
    }
  }

  /** Lets nothing leave for `ms` from now: one Retry-After holds for all requests to the service. */
  pause(origin: string, ms: number): void {
    const until = this.#timing.elapsed() + ms;
    if (until > (this.#next.get(origin) ?? 0)) this.#next.set(origin, until);
  }
}
