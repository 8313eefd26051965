import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { runInOrder } from '../../src/nx/schedule';

interface Run {
  readonly order: string[];
  readonly results: Record<string, boolean | undefined>;
  readonly most: number;
}

async function run(graph: Record<string, string[]>, options: { concurrency?: number; fails?: string[] } = {}): Promise<Run> {
  const order: string[] = [];
  const results: Record<string, boolean | undefined> = {};
  let running = 0;
  let most = 0;
  const plan = { ids: Object.keys(graph), dependencies: (id: string) => graph[id] ?? [], concurrency: options.concurrency ?? 2 };
  const work = async (id: string): Promise<{ success: boolean }> => {
    order.push(id);
    running += 1;
    most = Math.max(most, running);
    await sleep(2);
    running -= 1;
    return { success: !(options.fails ?? []).includes(id) };
  };
  for await (const { id, result } of runInOrder(plan, work)) results[id] = result?.success;
  return { order, results, most };
}

describe('runInOrder', () => {
  it('when nothing depends on anything it runs all, and never more at a time than allowed', async () => {
    const done = await run({ a: [], b: [], c: [], d: [], e: [] }, { concurrency: 3 });
    expect(Object.keys(done.results).sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(done.most).toBe(3);
  });

  it('when a task depends on others it runs after them', async () => {
    const { order } = await run({ app: ['lib', 'ui'], ui: ['lib'], lib: [], 'other-app': ['ui'] });
    expect(order.indexOf('lib')).toBeLessThan(order.indexOf('ui'));
    expect(order.indexOf('ui')).toBeLessThan(order.indexOf('app'));
    expect(order.indexOf('ui')).toBeLessThan(order.indexOf('other-app'));
  });

  it('when a dependency is not among the tasks it counts as done', async () => {
    expect((await run({ app: ['elsewhere'] })).results).toEqual({ app: true });
  });

  it('when a task fails those that depend on it are left out, and no others', async () => {
    const { results, order } = await run({ app: ['ui'], ui: ['lib'], lib: [], docs: [] }, { fails: ['lib'] });
    expect(results).toEqual({ app: undefined, ui: undefined, lib: false, docs: true });
    expect(order).not.toContain('app');
  });

  it('when tasks wait for each other, or for themselves, they still run', async () => {
    expect((await run({ a: ['b'], b: ['a'], c: ['c'] })).results).toEqual({ a: true, b: true, c: true });
  });

  it('when there are no tasks it ends', async () => {
    expect((await run({})).results).toEqual({});
  });
});
