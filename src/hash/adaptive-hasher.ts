import { ProofError } from '../errors';
import { COSTS, Estimate, type Costs } from './cost';
import type { HashedFile, Hasher, HashOptions } from './hasher';
import { InProcess } from './in-process';
import type { WorkerPool } from './pool';
import { Digests } from './digests';
import { Run, type Shared } from './run';

/** Files that are open at a time. On the main thread, reading is done by libuv's threads, four by default: more gains nothing. */
const DEFAULT_CONCURRENCY = 16;
/** More workers are not faster: the disk or memory is the limit then. */
export const MAX_WORKERS = 4;

export interface HasherOptions {
  /** Files that are open at a time, at most; a whole number from 1. */
  readonly concurrency?: number;
  /** Worker threads, at most; 0 for none. As many as there are processors, but MAX_WORKERS at most, unless set. */
  readonly workers?: number;
  /** The compiled src/hash/worker.ts, as an absolute path; found by itself in the package. */
  readonly workerFile?: string;
  /** Told once that workers were started, or (a warning) that there should be some and cannot be: all is hashed all the same. */
  readonly onNote?: (note: HasherNote) => void;
  /** What decides where files are hashed; COSTS unless set. */
  readonly costs?: Costs;
}

export interface HasherNote {
  readonly level: 'debug' | 'warn';
  readonly message: string;
}

/**
 * A hasher that works on the main thread as long as there is little to do, and starts worker threads when there is much
 * (docs/decisions/0013-hashing-strategies.md). Memory: see InProcess, 8 MB for each worker, and at most MAX_AHEAD paths or digests for each run.
 * @throws ProofError OPTION_INVALID when concurrency or workers is not a whole number in its range
 */
export function createHasher(options: HasherOptions = {}): Hasher {
  requireWhole('concurrency', options.concurrency, 1);
  requireWhole('workers', options.workers, 0);
  return new AdaptiveHasher(options);
}

function requireWhole(option: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least)) return;
  throw new ProofError('OPTION_INVALID', `${option}: ${value} is not a whole number from ${least}`, { details: { option, value } });
}

class AdaptiveHasher implements Hasher, Shared {
  readonly inProcess: InProcess;
  readonly estimate: Estimate;
  readonly #options: HasherOptions;
  readonly #runs = new Set<Run>();
  readonly #signals = new Map<AbortSignal, { readonly runs: Set<Run>; readonly abort: () => void }>();
  /** Once it is ready for work. */
  #pool: WorkerPool | undefined;
  #booting: WorkerPool | undefined;
  #starting: Promise<void> | undefined;
  #isBooting = false;
  #closed = false;

  constructor(options: HasherOptions) {
    this.#options = options;
    this.estimate = new Estimate(options.costs ?? COSTS);
    this.inProcess = new InProcess(options.concurrency ?? DEFAULT_CONCURRENCY, this.estimate, () => (this.#pool === undefined ? this.considerWorkers() : this.inProcess.lane.divert()));
  }

  get pool(): WorkerPool | undefined {
    return this.#pool;
  }

  get booting(): boolean {
    return this.#isBooting;
  }

  get bytesRead(): number {
    return this.inProcess.bytesRead + (this.#pool?.bytesRead ?? 0);
  }

  hash(root: string, paths: AsyncIterable<string> | Iterable<string>, options: HashOptions): AsyncIterable<HashedFile> {
    const open = (): Run => {
      const run = new Run(this, root, paths, options);
      this.#runs.add(run);
      this.#listen(options.signal, run);
      return run;
    };
    const close = async (run: Run): Promise<void> => {
      await run.close();
      this.#unlisten(options.signal, run);
      this.#runs.delete(run);
    };
    return { [Symbol.asyncIterator]: () => new Digests(open, close) };
  }

  /** One listener for all runs: Node.js takes more than ten on one signal for a leak. */
  #listen(signal: AbortSignal, run: Run): void {
    const known = this.#signals.get(signal);
    if (known !== undefined) return void known.runs.add(run);
    const runs = new Set([run]);
    const abort = (): void => runs.forEach((each) => each.stop());
    this.#signals.set(signal, { runs, abort });
    signal.addEventListener('abort', abort);
  }

  #unlisten(signal: AbortSignal, run: Run): void {
    const known = this.#signals.get(signal);
    known?.runs.delete(run);
    if (known === undefined || known.runs.size > 0) return;
    signal.removeEventListener('abort', known.abort);
    this.#signals.delete(signal);
  }

  readonly onDone = (): void => {
    if (this.#runs.size > 1) this.#wakeAll();
  };

  #wakeAll(): void {
    for (const run of this.#runs) run.wake();
  }

  considerWorkers(): void {
    if (this.#starting !== undefined || this.#closed || this.#options.workers === 0) return;
    const waiting = [...this.#runs].reduce((sum, run) => sum + run.waiting, 0);
    if (!this.estimate.paysForWorkers(this.estimate.leftMs(waiting, this.inProcess.lane.waitingBytes))) return;
    this.#isBooting = true;
    this.#starting = this.#start().catch((error: unknown) => {
      if (!this.#closed) this.#options.onNote?.({ level: 'warn', message: `hashing without worker threads, which is slower: ${error instanceof Error ? error.message : String(error)}` });
    }).finally(() => {
      this.#isBooting = false;
      this.#wakeAll();
    });
  }

  async #start(): Promise<void> {
    const { usableCpus } = await import('./cpus');
    const { concurrency = DEFAULT_CONCURRENCY, workers = MAX_WORKERS } = this.#options;
    const size = Math.min(await usableCpus(), concurrency, workers, MAX_WORKERS);
    // A single worker would share the only processor with the main thread, and gain nothing.
    if (size < 2) return;
    const { WorkerPool, findWorker } = await import('./pool');
    const file = this.#options.workerFile ?? (await findWorker());
    if (this.#closed) return;
    this.#booting = new WorkerPool(file, () => this.#wakeAll());
    await this.#booting.start(size);
    this.#pool = this.#booting;
    this.#options.onNote?.({ level: 'debug', message: `hashing with ${size} worker threads` });
    this.inProcess.lane.divert();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const run of this.#runs) run.stop();
    await this.#booting?.close();
    await this.#starting;
    this.inProcess.clear();
  }
}
