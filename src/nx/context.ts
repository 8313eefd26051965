import type { ExecutorContext } from '@nx/devkit';
import { ProofError } from '../errors';
import { graphProjects } from '../model/graph';
import { DEFAULT_BUILD_TARGET, declaredOutputs, resolveBuildTarget, type BuildTarget, type TargetConfig } from '../model/outputs';
import type { Project, Workspace } from '../model/project';
import type { CreateOptions } from '../model/types';

/** The parts of Nx's context that executors need; the same when forked and in a batch. */
export type NxContext = Pick<ExecutorContext, 'root' | 'projectGraph' | 'taskGraph'>;

/** The workspace of Nx's project graph: what plugins inferred counts too. */
export function toWorkspace({ root, projectGraph }: NxContext): Workspace {
  return { root, projects: graphProjects({ graph: projectGraph }, "Nx's project graph") };
}

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
  const targets: Readonly<Record<string, TargetConfig>> = context.projectGraph.nodes[project.name]?.data.targets ?? {};
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
