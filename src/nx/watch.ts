import type { PostTasksExecutionContext, ProjectGraph } from '@nx/devkit';
import { ProofError, type ErrorCode } from '../errors';
import { count } from '../model/report';
import type { Verb } from './options';
import { asksFor, type RequestedTargets } from './requested';
import type { TargetNames } from './targets';

export type Results = PostTasksExecutionContext['taskResults'];
type Result = Results[string];

/** A run that is over, and what it was asked for. */
export interface FinishedRun {
  readonly results: Results;
  readonly requested: RequestedTargets | undefined;
  readonly names: TargetNames;
  /** The graph that the run was made from. */
  readonly graph: ProjectGraph;
}

/** Under both names of the package. */
const OWN_EXECUTOR = /^(?:nx-proof|proof):(create|sign|verify)$/;

/** How Nx calls a result that it restored instead of running the task. */
export const isRestored = ({ status }: Pick<Result, 'status'>): boolean => status !== 'success' && status !== 'failure' && status !== 'skipped' && status !== 'stopped';

/**
 * Fails a run that was asked for proofs and made or verified none, whatever its tasks came to. Nx calls this once all tasks are done, those too that
 * depend on proof-verify: docs/decisions/0016-what-a-run-says-of-itself.md.
 * @throws ProofError TARGET_MISSING, TARGET_REPLACED, VERDICT_CACHED
 */
export function watchRun(run: FinishedRun): void {
  const verbs = verbsOf(run.names);
  const { graph } = run;
  requireRequested(run, [...verbs.keys()]);
  const results = Object.values(run.results);
  const executorOf = ({ task }: Result): string | undefined => graph.nodes[task.target.project]?.data.targets?.[task.target.target]?.executor;
  const replaced = results.filter((result) => {
    const verb = verbs.get(result.task.target.target);
    return verb !== undefined && OWN_EXECUTOR.exec(executorOf(result) ?? '')?.[1] !== verb;
  });
  refuse('TARGET_REPLACED', replaced, (result) => `${result.task.id} runs ${executorOf(result) ?? 'nothing'} and not the executor of nx-proof`);
  const verified = results.filter((result) => OWN_EXECUTOR.exec(executorOf(result) ?? '')?.[1] === 'verify');
  refuse('VERDICT_CACHED', verified.filter(isRestored), ({ task, status }) => `${task.id} was not run: its result came from a cache (${status})`);
  refuse('VERDICT_CACHED', verified.filter(({ task }) => task.cache), ({ task }) => `${task.id} has "cache": true, so that a cache could answer for it`);
}

export function verbsOf({ createTargetName, signTargetName, verifyTargetName }: TargetNames): Map<string, Verb> {
  return new Map([
    [createTargetName, 'create'],
    [signTargetName, 'sign'],
    [verifyTargetName, 'verify'],
  ]);
}

/** affected may have nothing to do, unless there is no project at all that could have been affected. */
function requireRequested({ results, requested, graph }: FinishedRun, names: readonly string[]): void {
  const wanted = names.filter((name) => requested?.targets.some((pattern) => asksFor(pattern, name)));
  const hasTask = (name: string): boolean => Object.values(results).some(({ task }) => task.target.target === name);
  const exists = (name: string): boolean => Object.values(graph.nodes).some(({ data }) => Object.hasOwn(data.targets ?? {}, name));
  const missing = wanted.find((name) => !hasTask(name) && (requested?.command === 'run-many' || !exists(name)));
  if (missing === undefined) return;
  const what = exists(missing) ? `no project that was asked for has the target ${missing}` : `no project of the workspace has the target ${missing}`;
  throw new ProofError('TARGET_MISSING', `${what}: nothing was done for it`, { details: { target: missing } });
}

function refuse(code: ErrorCode, results: readonly Result[], describe: (result: Result) => string): void {
  const [first, ...more] = results;
  if (first === undefined) return;
  const rest = more.length === 0 ? '' : `; so it is with ${count(more.length, 'more task')}`;
  throw new ProofError(code, `${describe(first)}${rest}`, { details: { tasks: results.slice(0, 20).map(({ task }) => task.id) } });
}
