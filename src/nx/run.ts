import os from 'node:os';
import type { ExecutorContext, TaskGraph } from '@nx/devkit';
import { refuseControlValues } from '../commands/control-values';
import { openSession, type Session } from '../commands/session';
import { ProofError, toProofError } from '../errors';
import { printable } from '../files';
import { BRAND, errorLines } from '../model/report';
import { withoutTokens } from '../redact';
import { toWorkspace, type NxContext } from './context';
import { processEnv } from './env';
import { supportedNxVersion } from './installed';
import { parseOptions, type OptionsOf, type Verb } from './options';
import type { Runner, TaskReport } from './runner';
import { runInOrder } from './schedule';

/** Options as Nx hands them over: from the target, its configuration and the command line. */
export type RawOptions = Readonly<Record<string, unknown>>;

/** What Nx 23.3 and 24 take from a batch for each task; times in milliseconds since 1970. */
export interface BatchResult {
  readonly task: string;
  readonly result: { readonly success: boolean; readonly terminalOutput: string; readonly startTime?: number; readonly endTime?: number; readonly status?: 'skipped' };
}

/** To sign is to wait for the network, and not for a processor. */
const SIGN_AT_ONCE = 8;

/** A task in a process of its own: prints what it has to say. */
export async function runTask<V extends Verb>(verb: V, runner: Runner<V>, options: RawOptions, context: ExecutorContext): Promise<{ success: boolean }> {
  const worker = new Worker(verb, runner, context);
  try {
    const { success, lines } = await worker.run({ project: context.projectName ?? '', target: context.targetName ?? '' }, options);
    for (const line of lines) (success ? console.log : console.error)(shown(line));
    return { success };
  } finally {
    await worker.close();
  }
}

/** The tasks of many projects in one process. One that fails does so alone, with those that depend on it. */
export async function* runBatch<V extends Verb>(
  verb: V,
  runner: Runner<V>,
  graph: TaskGraph,
  options: Readonly<Record<string, RawOptions>>,
  context: NxContext,
): AsyncGenerator<BatchResult, void, undefined> {
  const worker = new Worker(verb, runner, context);
  const plan = { ids: Object.keys(graph.tasks), dependencies: (id: string) => taskDependencies(graph, id), concurrency: Math.max(verb === 'sign' ? SIGN_AT_ONCE : 2, os.availableParallelism()) };
  const run = (id: string): ReturnType<typeof timed> => timed(() => worker.run(graph.tasks[id]?.target ?? { project: '', target: '' }, options[id] ?? {}));
  try {
    for await (const { id, result } of runInOrder(plan, run)) {
      yield { task: id, result: result ?? { success: false, status: 'skipped', terminalOutput: '' } };
    }
  } finally {
    await worker.close();
  }
}

/** Runs the tasks of one process. Everything that they share is opened with the first. */
class Worker<V extends Verb> {
  readonly #verb: V;
  readonly #context: NxContext;
  readonly #open: () => ReturnType<Runner<V>>;
  #work: ReturnType<Runner<V>> | undefined;
  #session: Session | undefined;
  #rootChecked: Promise<void> | undefined;

  constructor(verb: V, runner: Runner<V>, context: NxContext) {
    this.#verb = verb;
    this.#context = context;
    this.#open = () => {
      const nxVersion = supportedNxVersion(context.root);
      this.#session = openSession(processEnv(), toWorkspace(context), { onNote: warn });
      return runner({ session: this.#session, context, nxVersion });
    };
  }

  /** Never throws: what went wrong is in the report. */
  async run({ project, target }: { readonly project: string; readonly target: string }, options: RawOptions): Promise<TaskReport> {
    try {
      this.#work ??= this.#open();
      if (this.#verb === 'verify') requireUncached(this.#context, project, target);
      await this.#requireOwnValues(project);
      return await this.#work(project, parseOptions<V>(this.#verb, options) as OptionsOf[V]);
    } catch (error) {
      return { success: false, lines: [...errorLines(project, toProofError(error)), ...stackOf(error)] };
    }
  }

  /** Nx loads the .env files of the root and of the project into the environment of this process. */
  async #requireOwnValues(name: string): Promise<void> {
    const { root, projects } = this.#session?.workspace ?? {};
    if (root === undefined) return;
    await (this.#rootChecked ??= refuseControlValues(root, ['.']));
    const project = projects?.get(name);
    if (project !== undefined) await refuseControlValues(root, [project.root]);
  }

  async close(): Promise<void> {
    await this.#session?.close();
  }
}

/** A verification that could be cached is none, even the first time: what it leaves behind in the cache would answer for the next. */
function requireUncached({ projectGraph }: NxContext, project: string, target: string): void {
  if (projectGraph.nodes[project]?.data.targets?.[target]?.cache !== true) return;
  throw new ProofError('VERDICT_CACHED', `the target ${target} has "cache": true, so that a cache could answer for it`, { details: { project, target } });
}

/** For --verbose alone: users are told what is wrong, not where in this program it was noticed. */
function stackOf(error: unknown): string[] {
  const isVerbose = process.env['NX_VERBOSE_LOGGING'] === 'true';
  return isVerbose && error instanceof Error && error.stack !== undefined ? error.stack.split('\n') : [];
}

/** Nx stores what is printed and replays it: foreign names forge no lines, and no token is among them. */
const shown = (line: string): string => withoutTokens(printable(line));

/** What concerns all tasks of the process belongs to the output of none. */
function warn({ level, message }: { readonly level: string; readonly message: string }): void {
  if (level === 'warn') console.warn(shown(`${BRAND} ${message}`));
}

async function timed(run: () => Promise<TaskReport>): Promise<BatchResult['result']> {
  const startTime = Date.now();
  const { success, lines } = await run();
  return { success, terminalOutput: lines.map((line) => `${shown(line)}\n`).join(''), startTime, endTime: Date.now() };
}

/** The tasks of the same batch that come first. An edge is an id in Nx 23, `{id}` in Nx 24. */
function taskDependencies(graph: TaskGraph, id: string): string[] {
  const edges: readonly (string | { readonly id: string })[] = graph.dependencies[id] ?? [];
  return edges.map((edge) => (typeof edge === 'string' ? edge : edge.id)).filter((other) => Object.hasOwn(graph.tasks, other));
}
