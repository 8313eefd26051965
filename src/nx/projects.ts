import path from 'node:path';
import type { ProjectConfiguration, Tree } from '@nx/devkit';
import { ProofError } from '../errors';
import { isCreateTarget } from '../model/graph';
import { resolveBuildTarget } from '../model/outputs';
import { loadDevkit } from './devkit';

export interface NamedProject extends ProjectConfiguration {
  readonly name: string;
  readonly targets: NonNullable<ProjectConfiguration['targets']>;
}

/** The projects of the workspace by name, with what plugins infer, and those that a generator has just made in the tree. */
export async function readProjects(tree: Tree): Promise<Map<string, NamedProject>> {
  const { createProjectGraphAsync, getProjects, workspaceRoot } = loadDevkit(tree.root);
  const projects = new Map([...getProjects(tree)].map(([name, project]) => [name, named(name, project)]));
  // A tree in memory, as in tests, has no graph.
  if (path.resolve(tree.root) !== path.resolve(workspaceRoot)) return projects;
  const graph = await createProjectGraphAsync();
  for (const { name, data } of Object.values(graph.nodes)) projects.set(name, named(name, data));
  return projects;
}

const named = (name: string, project: ProjectConfiguration): NamedProject => ({ ...project, name, targets: project.targets ?? {} });

/** @throws ProofError PROJECT_UNKNOWN naming those that exist */
export function requireProject(projects: ReadonlyMap<string, NamedProject>, name: string): NamedProject {
  const project = projects.get(name);
  if (project !== undefined) return project;
  const names = [...projects.keys()].sort();
  const known = `${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}`;
  throw new ProofError('PROJECT_UNKNOWN', `the workspace has no project "${name}"; it has ${known === '' ? 'none' : known}`, { details: { project: name } });
}

export const hasBuild = ({ targets }: NamedProject, buildTarget: string): boolean => Object.hasOwn(targets, resolveBuildTarget(buildTarget, targets).target);

/** True when a target of it makes a proof, or a proof.json lets the plugin infer one. */
export function isProved(tree: Tree, project: NamedProject): boolean {
  return Object.values(project.targets).some(isCreateTarget) || tree.exists(proofFileOf(project));
}

export const proofFileOf = ({ root }: NamedProject): string => path.posix.join(root, 'proof.json');
