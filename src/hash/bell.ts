/** One waits, others ring; ringing before anybody waits is remembered. */
export class Bell {
  #rung = false;
  #answer: (() => void) | undefined;

  readonly ring = (): void => {
    this.#rung = true;
    this.#answer?.();
  };

  async wait(): Promise<void> {
    if (!this.#rung) await new Promise<void>((resolve) => (this.#answer = resolve));
    this.#answer = undefined;
    this.#rung = false;
  }
}
