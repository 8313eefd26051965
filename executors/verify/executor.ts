import type { ExecutorContext, TaskGraph } from '@nx/devkit';
import { verifyRunner } from '../../src/nx/verify';
import { runBatch, runTask, type BatchResult, type RawOptions } from '../../src/nx/run';

export function verifyExecutor(options: RawOptions, context: ExecutorContext): Promise<{ success: boolean }> {
  return runTask('verify', verifyRunner, options, context);
}

export function verifyBatch(graph: TaskGraph, options: Record<string, RawOptions>, _overrides: RawOptions, context: ExecutorContext): AsyncGenerator<BatchResult, void, undefined> {
  return runBatch('verify', verifyRunner, graph, options, context);
}
