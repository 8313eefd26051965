export interface Scheduled<R> {
  readonly id: string;
  /** undefined: a task that it depends on failed or was left out, so that it was not run. */
  readonly result: R | undefined;
}

interface Plan {
  readonly ids: readonly string[];
  /** Ids of the tasks that have to succeed first; others than those of `ids` are taken as done. */
  readonly dependencies: (id: string) => readonly string[];
  readonly concurrency: number;
}

/**
 * Runs tasks side by side, each after those that it depends on, and yields their results as they come. `run` must not throw: a result says
 * itself whether it is a success.
 */
export async function* runInOrder<R extends { readonly success: boolean }>({ ids, dependencies, concurrency }: Plan, run: (id: string) => Promise<R>): AsyncGenerator<Scheduled<R>, void, undefined> {
  const waiting = new Set(ids);
  const running = new Map<string, Promise<{ id: string; result: R }>>();
  const failed = new Set<string>();
  const start = (id: string): void => {
    waiting.delete(id);
    running.set(id, run(id).then((result) => ({ id, result })));
  };
  while (waiting.size > 0 || running.size > 0) {
    const poisoned = [...waiting].find((id) => dependencies(id).some((other) => failed.has(other)));
    if (poisoned !== undefined) {
      waiting.delete(poisoned);
      failed.add(poisoned);
      yield { id: poisoned, result: undefined };
      continue;
    }
    const isReady = (id: string): boolean => dependencies(id).every((other) => other === id || (!waiting.has(other) && !running.has(other)));
    for (const id of [...waiting].filter(isReady).slice(0, concurrency - running.size)) start(id);
    // Tasks that wait for each other: Nx allows cycles on request, and then any order is right.
    const [first] = waiting;
    if (running.size === 0 && first !== undefined) start(first);
    const done = await Promise.race(running.values());
    running.delete(done.id);
    if (!done.result.success) failed.add(done.id);
    yield done;
  }
}
