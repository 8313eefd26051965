import { ProofError, toProofError } from '../errors';
import type { Project } from '../model/project';
import type { Verdict } from '../model/verdict';
import type { Run } from './run';

/**
 * The verdict on a dependency under its own rule, or why it has no proof that could be judged.
 * @throws ProofError when that cannot be told: the environment fails, or the project graph is needed
 */
export async function followDependency(run: Run, name: string): Promise<Verdict | ProofError> {
  const project = run.session.workspace.projects.get(name);
  if (project === undefined) return new ProofError('PROJECT_UNKNOWN', `the workspace has no project ${name}`, { details: { project: name } });
  try {
    return (await run.judge(project)).verdict;
  } catch (error) {
    const reason = toProofError(error);
    if (reason.exitCode === 3 || reason.code === 'GRAPH_REQUIRED') throw reason;
    return reason;
  }
}

/**
 * A way of verified dependencies from the project back to itself: nobody on it can be judged before the others, so it has to be known before any
 * is followed. Rules with `"dependencies": "any"` end a way.
 */
export function findCycle(run: Run, start: Project): readonly string[] | undefined {
  const { projects } = run.session.workspace;
  const cameFrom = new Map<string, string>();
  const pending = [start.name];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const project = name === start.name ? start : projects.get(name);
    if (project === undefined || run.rule(project)?.dependencies !== 'verified') continue;
    for (const next of project.dependencies ?? []) {
      if (next === start.name) return wayBack(name, start.name, cameFrom);
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, name);
      pending.push(next);
    }
  }
  return undefined;
}

function wayBack(last: string, start: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const way = [start];
  for (let name: string | undefined = last; name !== undefined && name !== start; name = cameFrom.get(name)) way.unshift(name);
  return [start, ...way];
}
