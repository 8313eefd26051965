import type { ExecutorContext } from '@nx/devkit';
import { ProofError } from '../errors';
import { createOptions, graphProjects, isCreateTarget } from '../model/graph';
import { DEFAULT_BUILD_TARGET, declaredOutputs, resolveBuildTarget, type BuildTarget, type TargetConfig } from '../model/outputs';
import type { Project, Workspace } from '../model/project';
import type { CreateOptions } from '../model/types';

/** The parts of Nx's context that executors need; the same when forked and in a batch. */
export type NxContext = Pick<ExecutorContext, 'root' | 'projectGraph' | 'taskGraph'>;

/** The workspace of Nx's project graph: what plugins inferred counts too. Outputs are those of the configurations that this run builds. */
export function toWorkspace(context: NxContext): Workspace {
  const projects = graphProjects({ graph: context.projectGraph }, "Nx's project graph");
  for (const { target } of Object.values(context.taskGraph?.tasks ?? {})) {
    const project = projects.get(target.project);
    if (project !== undefined && target.configuration !== undefined) projects.set(project.name, withBuilt(context, project, target.target, target.configuration));
  }
  return { root: context.root, projects };
}

function withBuilt(context: NxContext, project: Project, target: string, configuration: string): Project {
  const targets = targetsOf(context, project.name);
  const { artifacts, buildTarget = DEFAULT_BUILD_TARGET } = createOptions(Object.values(targets).find(isCreateTarget));
  const config = targets[target];
  if (artifacts !== undefined || config === undefined || resolveBuildTarget(buildTarget, targets).target !== target) return project;
  return { ...project, artifacts: declaredOutputs(project, config, configuration) };
}

const targetsOf = ({ projectGraph }: NxContext, project: string): Readonly<Record<string, TargetConfig>> => projectGraph.nodes[project]?.data.targets ?? {};

/** @throws ProofError PROJECT_UNKNOWN */
export function projectOf(workspace: Workspace, name: string): Project {
  const project = workspace.projects.get(name);
  if (project === undefined) throw new ProofError('PROJECT_UNKNOWN', `the workspace has no project "${name}"`, { details: { project: name } });
  return project;
}

/** The project as its own create task sees it: with that task's artifacts. */
export interface Build extends BuildTarget {
  readonly project: Project;
}

/**
 * What a create task proves: the build target, the configuration that this run builds, and the artifacts (the option, else the outputs that the
 * target declares).
 * @throws ProofError OUTPUTS_UNDECLARED; OPTION_INVALID when `buildTarget` names another configuration than the one that is built
 */
export function resolveBuild(context: NxContext, project: Project, options: CreateOptions): Build {
  const targets = targetsOf(context, project.name);
  const value = options.buildTarget ?? DEFAULT_BUILD_TARGET;
  const named = resolveBuildTarget(value, targets);
  const build = withConfiguration(named.target, builtConfiguration(context, project.name, named, value));
  const config = Object.hasOwn(targets, build.target) ? targets[build.target] : undefined;
  const artifacts = options.artifacts ?? (config === undefined ? undefined : declaredOutputs(project, config, build.configuration));
  if (artifacts !== undefined) return { ...build, project: { ...project, artifacts } };
  const problem = config === undefined ? `has no target "${build.target}"` : `declares no outputs of its target "${build.target}"`;
  throw new ProofError('OUTPUTS_UNDECLARED', `the project ${problem}, and its proof has no "artifacts"`, { details: { project: project.name, target: build.target } });
}

const withConfiguration = (target: string, configuration: string | undefined): BuildTarget => ({ target, ...(configuration === undefined ? {} : { configuration }) });

/** The configuration with which this run builds the project, if it does; else the one that the option names. */
function builtConfiguration({ taskGraph }: NxContext, project: string, named: BuildTarget, value: string): string | undefined {
  const task = Object.values(taskGraph?.tasks ?? {}).find(({ target }) => target.project === project && target.target === named.target);
  if (task === undefined) return named.configuration;
  const built = task.target.configuration;
  if (value === named.target || built === named.configuration) return built;
  throw new ProofError('OPTION_INVALID', `option "buildTarget" with the value "${value}" is not what this run builds: ${named.target}${built === undefined ? ', without a configuration' : `:${built}`}; run Nx with --configuration=${named.configuration ?? ''}`, {
    details: { option: 'buildTarget', value, built },
  });
}
