import path from 'node:path';
import type { Tree } from '@nx/devkit';
import { ProofError } from '../errors';
import { artifactPatterns } from '../model/outputs';
import { statusLine } from '../model/report';
import type { CreateOptions, ProofFile } from '../model/types';
import { editTreeJson, readTreeJson, type JsonEdit } from './edit-json';
import { hasBuild, isProved, proofFileOf, readProjects, requireProject, type NamedProject } from './projects';
import { packageNameOf, registerPlugin, targetNames } from './registration';
import { proofTargets, type TargetNames } from './targets';

/** Options of the generator `targets`. */
export interface TargetsOptions {
  readonly project?: string;
  readonly all?: boolean;
  /** Write the targets into project.json or package.json, instead of a proof.json from which they are inferred. */
  readonly explicit?: boolean;
  readonly buildTarget?: string;
  readonly artifacts?: readonly string[];
}

/**
 * Gives projects their proof targets. What is there already is kept.
 * @returns lines that say what to look at
 * @throws ProofError OPTION_INVALID, PROJECT_UNKNOWN, WORKSPACE_INVALID
 */
export async function scaffoldTargets(tree: Tree, options: TargetsOptions): Promise<string[]> {
  const packageName = packageNameOf(tree);
  const names = targetNames(tree, packageName);
  const projects = await readProjects(tree);
  const selected = selectProjects(tree, projects, options, names);
  const create: CreateOptions = { ...(options.artifacts === undefined ? {} : { artifacts: [...options.artifacts] }), ...(options.buildTarget === undefined ? {} : { buildTarget: options.buildTarget }) };
  for (const project of selected) {
    if (options.explicit === true) writeTargets(tree, project, packageName, names, create);
    else writeProofFile(tree, project, packageName, create);
  }
  if (options.explicit !== true && selected.length > 0) registerPlugin(tree, packageName);
  return selected.flatMap((project) => undeclared(project, create, names));
}

function selectProjects(tree: Tree, projects: ReadonlyMap<string, NamedProject>, options: TargetsOptions, names: TargetNames): NamedProject[] {
  if (options.all === true) {
    if (options.project !== undefined) throw new ProofError('OPTION_INVALID', `give either the project "${options.project}" or --all, not both`, { details: { option: 'all' } });
    return unproved(tree, projects, options.buildTarget ?? names.buildTarget);
  }
  if (options.project === undefined) throw new ProofError('OPTION_INVALID', 'give the name of a project, or --all for every project that has a build', { details: { option: 'project' } });
  return [requireProject(projects, options.project)];
}

/** The projects that have a build and no proof targets, by name. */
export function unproved(tree: Tree, projects: ReadonlyMap<string, NamedProject>, buildTarget: string): NamedProject[] {
  return [...projects.values()].filter((project) => hasBuild(project, buildTarget) && !isProved(tree, project)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Writes a proof.json, or sets the options given in the one that is there. */
export function writeProofFile(tree: Tree, project: NamedProject, packageName: string, create: CreateOptions): void {
  const file = proofFileOf(project);
  if (!tree.exists(file)) {
    const schema = path.posix.join(path.posix.relative(project.root, '.'), 'node_modules', packageName, 'schemas', 'proof.schema.json');
    const content: ProofFile = { $schema: schema.startsWith('.') ? schema : `./${schema}`, ...(Object.keys(create).length === 0 ? {} : { create }) };
    tree.write(file, `${JSON.stringify(content, null, 2)}\n`);
    return;
  }
  readTreeJson(tree, file);
  editTreeJson(tree, file, Object.entries(create).map(([name, value]): JsonEdit => ({ path: ['create', name], value })));
}

/** Writes the targets to where the project has its configuration. One of the same name is kept if it is nx-proof's. */
function writeTargets(tree: Tree, project: NamedProject, packageName: string, names: TargetNames, create: CreateOptions): void {
  const projectJson = path.posix.join(project.root, 'project.json');
  const inProjectJson = tree.exists(projectJson);
  const file = inProjectJson ? projectJson : path.posix.join(project.root, 'package.json');
  const at = inProjectJson ? ['targets'] : ['nx', 'targets'];
  const stated = targetsOf(readTreeJson(tree, file), at);
  const artifacts = artifactPatterns(project, { buildTarget: names.buildTarget, ...create });
  const targets = proofTargets({ names, packageName, file: { create }, artifacts });
  const missing = Object.entries(targets).filter(([name, target]) => {
    const other = stated[name];
    if (other === undefined || other.executor === target.executor) return other === undefined;
    throw new ProofError('OPTION_INVALID', `${file} has a target "${name}" already, of another kind; rename it, or set other target names for the plugin in nx.json`, { details: { file, target: name } });
  });
  editTreeJson(tree, file, missing.map(([name, value]): JsonEdit => ({ path: [...at, name], value })));
}

function targetsOf(config: unknown, at: readonly string[]): Readonly<Record<string, { readonly executor?: unknown }>> {
  const found = at.reduce<unknown>((value, key) => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined), config);
  return typeof found === 'object' && found !== null ? (found as Record<string, { executor?: unknown }>) : {};
}

function undeclared(project: NamedProject, create: CreateOptions, names: TargetNames): string[] {
  if (artifactPatterns(project, { buildTarget: names.buildTarget, ...create }) !== undefined) return [];
  const buildTarget = create.buildTarget ?? names.buildTarget;
  return [statusLine(project.name, `its target "${buildTarget}" declares no outputs yet: add "outputs" to it, or "artifacts" to ${proofFileOf(project)}`)];
}
