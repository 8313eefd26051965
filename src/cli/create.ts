import { refuseControlValues } from '../commands/control-values';
import { openSession, type Session } from '../commands/session';
import { findWorkspaceRoot } from '../commands/workspace';
import { ProofError, type ExitCode } from '../errors';
import { isCreateTarget } from '../model/graph';
import type { Project } from '../model/project';
import { createProject, createdLine } from '../nx/create';
import { toWorkspace, type NxContext } from '../nx/context';
import { supportedNxVersion } from '../nx/installed';
import { loadContext } from '../nx/load';
import { parseOptions } from '../nx/options';
import { runInOrder } from '../nx/schedule';
import { sessionOptions, type CommandContext } from './context';
import { finish, outcomeOf, printOutcome, type Outcome } from './outcomes';
import { invalid } from './parse';
import { withProgress } from './progress';
import { projectArgument, projectHere } from './selection';

type Created = Awaited<ReturnType<typeof createProject>>;

/** So many projects are worked on at a time; each reads several files at a time. */
const PROJECTS_AT_A_TIME = 4;

/** `nx-proof create`: what the executor does, with the options of the project's own target, in a process that Nx did not start. */
export async function runCreate(context: CommandContext): Promise<ExitCode> {
  const options = sessionOptions(context);
  const root = await findWorkspaceRoot(context.env.cwd);
  const nxVersion = supportedNxVersion(root);
  const nx = await loadContext(root);
  const workspace = toWorkspace(nx);
  await refuseControlValues(root, ['.', ...Array.from(workspace.projects.values(), (project) => project.root)]);
  const opened = openSession(context.env, workspace, options);
  const { session, clear } = withProgress(opened, context.host, context.printer);
  try {
    const projects = selectProjects(context, session, nx);
    const outcomes: Outcome<Created>[] = [];
    const create = async (name: string): Promise<{ success: true }> => {
      const outcome = await outcomeOf(name, () => createProject({ session, context: nx, nxVersion }, name, parseOptions('create', targetOptions(nx, name))));
      outcomes.push(outcome);
      clear();
      printOutcome(context.printer, outcome, (created) => [createdLine(created)]);
      // Those that depend on it are made all the same: one failure does not strand the others.
      return { success: true };
    };
    const plan = { ids: projects.map(({ name }) => name), dependencies: (name: string) => session.workspace.projects.get(name)?.dependencies ?? [], concurrency: PROJECTS_AT_A_TIME };
    for await (const { id } of runInOrder(plan, create)) context.printer.log('debug', `done with ${id}`);
    return finish(context.printer, outcomes, 'created');
  } finally {
    clear();
    await opened.close();
  }
}

function selectProjects(context: CommandContext, { workspace }: Session, nx: NxContext): readonly Project[] {
  const { positionals, values, env } = context;
  const place = { workspace, cwd: env.cwd };
  if (values['all'] === true) {
    if (positionals[0] !== undefined) throw invalid('--all', true, `means every project; leave out ${JSON.stringify(positionals[0])}`);
    const all = [...workspace.projects.values()].filter(({ name }) => createTarget(nx, name) !== undefined);
    if (all.length === 0) throw new ProofError('PROJECT_UNKNOWN', `no project of ${workspace.root} has a target that creates a proof`);
    return all;
  }
  if (positionals.length > 0) return [...new Set(positionals.map((argument) => projectArgument(place, argument)))];
  const here = projectHere(place);
  if (here === undefined) throw new ProofError('PROJECT_UNKNOWN', `${env.cwd} lies in no project; name projects, or give --all`);
  return [here];
}

function createTarget({ projectGraph }: NxContext, name: string): { readonly options?: unknown } | undefined {
  return Object.values(projectGraph.nodes[name]?.data.targets ?? {}).find(isCreateTarget);
}

function targetOptions(nx: NxContext, name: string): Readonly<Record<string, unknown>> {
  return { ...(createTarget(nx, name)?.options as object | undefined) };
}
