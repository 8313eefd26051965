import type { ExecutorContext, TaskGraph } from '@nx/devkit';
import { createRunner } from '../../src/nx/create';
import { runBatch, runTask, type BatchResult, type RawOptions } from '../../src/nx/run';

export function createExecutor(options: RawOptions, context: ExecutorContext): Promise<{ success: boolean }> {
  return runTask('create', createRunner, options, context);
}

export function createBatch(graph: TaskGraph, options: Record<string, RawOptions>, _overrides: RawOptions, context: ExecutorContext): AsyncGenerator<BatchResult, void, undefined> {
  return runBatch('create', createRunner, graph, options, context);
}
