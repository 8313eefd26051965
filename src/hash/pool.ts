import { access } from 'node:fs/promises';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { ProofError } from '../errors';
import type { HashedFile } from './hasher';
import { fromFailure, type Answer, type Message, type Order } from './protocol';

/** What became of the first files of an order; those after them are not begun. */
export interface Done {
  readonly digests: readonly HashedFile[];
  /** Why the file after them could not be hashed. */
  readonly failure: ProofError | undefined;
}

export type Job = Omit<Order, 'id'>;

interface Task {
  readonly job: Job;
  readonly resolve: (done: Done) => void;
  readonly reject: (error: ProofError) => void;
  /** True once a worker has died over it. */
  retried: boolean;
}

interface Member {
  readonly worker: Worker;
  readonly tasks: Map<number, Task>;
  ready: boolean;
}

/** One order is worked on while the next one lies ready. */
const ORDERS_PER_WORKER = 2;
/** A worker holds one buffer, a few hundred paths and digests. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 } as const;

/**
 * Worker threads that hash. Small and raw, see docs/decisions/0013-hashing-strategies.md. They keep the process alive only while there is work
 * for them.
 */
export class WorkerPool {
  readonly #file: string;
  readonly #read = new BigInt64Array(new SharedArrayBuffer(8));
  readonly #members = new Set<Member>();
  readonly #waiting: Task[] = [];
  readonly #onChange: () => void;
  #nextId = 0;
  #closed = false;

  /**
   * @param file the compiled src/hash/worker.ts
   * @param onChange called whenever there is room for work that was not there before
   */
  constructor(file: string, onChange: () => void) {
    this.#file = file;
    this.#onChange = onChange;
  }

  /** Starts `size` workers; settles when the first one answers. @throws whatever kept the first one from starting */
  async start(size: number): Promise<void> {
    try {
      await Promise.any(Array.from({ length: size }, () => this.#spawn()));
    } catch (error) {
      throw error instanceof AggregateError ? error.errors[0] : error;
    }
  }

  /** Bytes read by the workers so far. */
  get bytesRead(): number {
    return Number(Atomics.load(this.#read, 0));
  }

  /** How many more orders keep the workers busy: `idle` of them have none at all. With `withheld` as many workers get nothing new. */
  room(withheld: number): { readonly orders: number; readonly idle: number } {
    const free = this.#free(withheld).map(({ tasks }) => ORDERS_PER_WORKER - tasks.size);
    const orders = free.reduce((sum, each) => sum + each, 0) - this.#waiting.length;
    return { orders, idle: Math.min(orders, free.filter((each) => each === ORDERS_PER_WORKER).length) };
  }

  /** @throws ProofError ABORTED when the pool is closed, INTERNAL when two workers died over the job */
  run(job: Job): Promise<Done> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(closedError());
      this.#assign({ job, resolve, reject, retried: false });
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const tasks = [...this.#waiting.splice(0), ...[...this.#members].flatMap((member) => [...member.tasks.values()])];
    await Promise.all([...this.#members].map(({ worker }) => worker.terminate()));
    for (const { reject } of tasks) reject(closedError());
  }

  #free(withheld: number): Member[] {
    const ready = [...this.#members].filter((member) => member.ready);
    return ready.slice(0, Math.max(1, ready.length - withheld)).filter(({ tasks }) => tasks.size < ORDERS_PER_WORKER);
  }

  #assign(task: Task): void {
    const [first, ...rest] = this.#free(0);
    if (first === undefined) {
      if (this.#members.size === 0) task.reject(diedError(new Error('there is no worker left')));
      else this.#waiting.push(task);
      return;
    }
    const member = rest.reduce((least, each) => (each.tasks.size < least.tasks.size ? each : least), first);
    const id = (this.#nextId += 1);
    if (member.tasks.size === 0) member.worker.ref();
    member.tasks.set(id, task);
    member.worker.postMessage({ ...task.job, id } satisfies Order);
  }

  #answer(member: Member, { id, digests, failure }: Answer): void {
    const task = member.tasks.get(id);
    member.tasks.delete(id);
    const next = this.#waiting.shift();
    if (next !== undefined) this.#assign(next);
    if (member.tasks.size === 0) member.worker.unref();
    task?.resolve({ digests, failure: failure === undefined ? undefined : fromFailure(failure) });
    this.#onChange();
  }

  /** Settles when the worker is ready, or has failed to start. */
  #spawn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const worker = new Worker(this.#file, { workerData: { read: this.#read }, resourceLimits: RESOURCE_LIMITS, env: {}, execArgv: [], stdin: false });
      const member: Member = { worker, tasks: new Map(), ready: false };
      this.#members.add(member);
      let why: unknown;
      worker.on('error', (error) => (why = error));
      worker.on('exit', (code) => {
        this.#members.delete(member);
        why ??= new Error(`the worker ended with exit code ${code}`);
        if (member.ready) this.#bury(member, why);
        else reject(why instanceof Error ? why : new Error(String(why)));
      });
      worker.on('message', (message: Message) => {
        if (message !== 'ready') return this.#answer(member, message);
        member.ready = true;
        worker.unref();
        this.#relieve();
        resolve();
      });
    });
  }

  /** A worker is there to take what waits. */
  #relieve(): void {
    for (const task of this.#waiting.splice(0)) this.#assign(task);
    this.#onChange();
  }

  /** What a dead worker had is given to another, once. */
  #bury({ tasks }: Member, why: unknown): void {
    if (this.#closed) return;
    const lost = [...tasks.values()];
    for (const task of lost) {
      if (task.retried) task.reject(diedError(why));
      else this.#waiting.push({ ...task, retried: true });
    }
    this.#spawn().then(
      () => undefined,
      (error: unknown) => this.#giveUp(error),
    );
    if (this.#free(0).length > 0) this.#relieve();
  }

  /** No worker could be started in place of a dead one: others go on, if there are any. */
  #giveUp(why: unknown): void {
    if (this.#members.size > 0) return;
    for (const { reject } of this.#waiting.splice(0)) reject(diedError(why));
  }
}

/**
 * The compiled src/hash/worker.ts of the package: this module lies in dist/chunks.
 * @throws the system error ENOENT where it is not, as in a bundle of one file
 */
export async function findWorker(): Promise<string> {
  const file = path.join(__dirname, '..', 'src', 'hash', 'worker.js');
  await access(file);
  return file;
}

const closedError = (): ProofError => new ProofError('ABORTED', 'interrupted: the hasher was closed while it was at work');

function diedError(cause: unknown): ProofError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ProofError('INTERNAL', `a worker thread died while it hashed, and so did the one that took over: ${reason}`, { cause });
}
