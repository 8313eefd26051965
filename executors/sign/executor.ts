import type { ExecutorContext, TaskGraph } from '@nx/devkit';
import { signRunner } from '../../src/nx/sign';
import { runBatch, runTask, type BatchResult, type RawOptions } from '../../src/nx/run';

export function signExecutor(options: RawOptions, context: ExecutorContext): Promise<{ success: boolean }> {
  return runTask('sign', signRunner, options, context);
}

export function signBatch(graph: TaskGraph, options: Record<string, RawOptions>, _overrides: RawOptions, context: ExecutorContext): AsyncGenerator<BatchResult, void, undefined> {
  return runBatch('sign', signRunner, graph, options, context);
}
