/** What hashing costs, and from when on something else is cheaper; all in milliseconds. */
export interface Costs {
  /** To open, check, read and close a small file on the main thread. */
  readonly fileMs: number;
  /** To hash a byte. */
  readonly byteMs: number;
  /** Workers pay from so much work: they take 25 ms to start, and then as much from the processors that hash. */
  readonly startMs: number;
  /** Nor do they start for what is done before they are there. */
  readonly worthMs: number;
  /** What takes less on the main thread is done there: a message to a worker and back takes as long. */
  readonly messageMs: number;
}

/** As measured (docs/performance.md); only the order of magnitude matters for the decisions. */
export const COSTS: Costs = { fileMs: 0.05, byteMs: 1 / 1_600_000, startMs: 60, worthMs: 20, messageMs: 2 };

/** Sizes beyond this count as this in the average, so that one large file among small ones is soon forgotten. */
const LARGEST_SAMPLE = 16 * 1024 * 1024;
const SAMPLES = 32;

/** The sizes of the files seen last tell how many of those to come are worth a message to a worker, and whether workers are. */
export class Estimate {
  readonly #costs: Costs;
  #average = 0;
  #seen = 0;
  #spentMs = 0;

  constructor(costs: Costs) {
    this.#costs = costs;
  }

  /** A file of this size was met. */
  add(size: number): void {
    this.#seen += 1;
    this.#average += (Math.min(size, LARGEST_SAMPLE) - this.#average) / Math.min(this.#seen, SAMPLES);
  }

  /** So much was done on the main thread. */
  spent(size: number): void {
    this.#spentMs += this.#costMs(1, size);
  }

  /** What is left to do: `files` of sizes not known, and `bytes` of files that wait. */
  leftMs(files: number, bytes: number): number {
    return this.#costMs(files, bytes + files * this.#average);
  }

  /** True when workers should be started for what is left. */
  paysForWorkers(leftMs: number): boolean {
    return leftMs >= this.#costs.worthMs && this.#spentMs + leftMs >= this.#costs.startMs;
  }

  /** True when so many files of sizes not known are done sooner here than by sending them to a worker. */
  isLittle(files: number): boolean {
    return this.leftMs(files, 0) < this.#costs.messageMs;
  }

  /** How many files make up so many bytes, within limits. */
  filesIn(bytes: number, least: number, most: number): number {
    return Math.max(least, Math.min(most, Math.floor(bytes / Math.max(1, this.#average))));
  }

  #costMs(files: number, bytes: number): number {
    return files * this.#costs.fileMs + bytes * this.#costs.byteMs;
  }
}
