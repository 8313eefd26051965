import { setTimeout as sleep } from 'node:timers/promises';
import { createHasher, type HashedFile, type Hasher, type HasherNote, type HasherOptions } from '../../src/hash';
import { COSTS } from '../../src/hash/cost';
import { compileWorker } from '../support/hash-worker';
import { workspaceOf } from './workspace';

/** Costs by which everything is given to workers, as soon as they are there. */
export const EAGER = { ...COSTS, startMs: 0, worthMs: 0, messageMs: 0 };

/** Hashers whose workers run from the sources. */
export class WorkerSetup {
  #compiled: Awaited<ReturnType<typeof compileWorker>> | undefined;

  async compile(): Promise<void> {
    this.#compiled = await compileWorker();
  }

  remove(): void {
    this.#compiled?.remove();
  }

  get file(): string {
    if (this.#compiled === undefined) throw new Error('the worker is not compiled');
    return this.#compiled.file;
  }

  /** A hasher that starts workers with the first files, and says when they are there. */
  eager(options: HasherOptions = {}): { hasher: Hasher; ready: Promise<HasherNote> } {
    let tell: (note: HasherNote) => void = () => undefined;
    const ready = new Promise<HasherNote>((resolve) => (tell = resolve));
    return { hasher: createHasher({ workerFile: this.file, costs: EAGER, onNote: tell, ...options }), ready };
  }

  /** A hasher that hashes nothing before its workers are there, and then everything with them. */
  warm(options: HasherOptions = {}): Hasher {
    const { hasher, ready } = this.eager(options);
    const root = workspaceOf({ a: '' });
    let warm: Promise<unknown> | undefined;
    const start = async (): Promise<void> => {
      if (options.concurrency === 1) return; // never has workers
      const stop = new AbortController();
      void ready.then(() => stop.abort());
      await drain(hasher.hash(root, repeat('a'), { signal: stop.signal })).catch(() => undefined);
    };
    return {
      get bytesRead() {
        return hasher.bytesRead;
      },
      close: () => hasher.close(),
      async *hash(...call): AsyncGenerator<HashedFile> {
        await (warm ??= start());
        yield* hasher.hash(...call);
      },
    };
  }
}

/** With pauses, so that the workers get to start. */
async function* repeat(path: string): AsyncGenerator<string> {
  for (;;) {
    yield* Array.from({ length: 64 }, () => path);
    await sleep(5);
  }
}

export async function drain(digests: AsyncIterable<HashedFile>): Promise<number> {
  let files = 0;
  for await (const { path } of digests) files += path === '' ? 0 : 1;
  return files;
}
