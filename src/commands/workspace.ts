import path from 'node:path';
import { ProofError } from '../errors';
import { lstatIfExists, readDocument, toNative } from '../files';
import { compareBytes } from '../model/digest';
import { graphProjects } from '../model/graph';
import { parseJson } from '../model/json';
import { memberMatcher, readMemberPatterns } from '../model/members';
import type { Project, Workspace } from '../model/project';
import { nxSettings, staticProject, type NxSettings, type ProjectSources } from '../model/static-project';
import { readConfig, readProofFile } from './config';
import { findProjectFiles, type ProjectFileName } from './project-files';

/** Graphs of large workspaces are larger than any other document. */
const MAX_GRAPH_BYTES = 256 * 1024 * 1024;

/**
 * The folder of the workspace that `folder` lies in: the nearest one upwards with an nx.json.
 * @param folder absolute native path
 * @throws ProofError WORKSPACE_NOT_FOUND
 */
export async function findWorkspaceRoot(folder: string): Promise<string> {
  for (let candidate = folder; ; candidate = path.dirname(candidate)) {
    if ((await lstatIfExists(path.join(candidate, 'nx.json'))) !== undefined) return candidate;
    if (path.dirname(candidate) === candidate) break;
  }
  throw new ProofError('WORKSPACE_NOT_FOUND', `${folder} is in no Nx workspace: there is no nx.json in it or above it`, { details: { folder } });
}

/**
 * Reads a workspace from its files alone. No code of the workspace runs, neither Nx nor its plugins, so that the answer is one that a change
 * to the workspace cannot program. What only Nx can tell is undefined (see `Project`), unless `graph` names a file written by
 * `nx graph --file=graph.json`; then everything comes from there.
 * @param root absolute native path
 * @throws ProofError WORKSPACE_NOT_FOUND, WORKSPACE_INVALID, PROOF_FILE_INVALID, JSON_INVALID, IO_ERROR
 */
export async function readWorkspace(root: string, options: { readonly graph?: string } = {}): Promise<Workspace> {
  if (options.graph !== undefined) return { root, projects: await readGraph(options.graph) };
  const nxJson = await readConfig(path.join(root, 'nx.json'), 'nx.json', 'WORKSPACE_NOT_FOUND');
  const settings = nxSettings(nxJson);
  const isMember = memberMatcher(await readMemberPatterns(root));
  const folders = [...(await findProjectFiles(root))].filter(([folder, files]) => files.has('project.json') || (files.has('package.json') && isMember(folder)));
  return { root, projects: byName(await Promise.all(folders.map(([folder, files]) => readProject(root, folder, files, settings)))) };
}

async function readGraph(file: string): Promise<Map<string, Project>> {
  const what = `project graph ${file}`;
  return graphProjects(parseJson(await readDocument(file, { missing: 'GRAPH_REQUIRED', what: 'project graph', maxBytes: MAX_GRAPH_BYTES }), what), what);
}

async function readProject(root: string, folder: string, files: ReadonlySet<ProjectFileName>, settings: NxSettings): Promise<Project> {
  const file = (name: ProjectFileName): string => (folder === '.' ? name : `${folder}/${name}`);
  const read = async (name: ProjectFileName): Promise<Readonly<Record<string, unknown>> | undefined> =>
    files.has(name) ? readConfig(toNative(root, file(name)), file(name), 'WORKSPACE_INVALID') : undefined;
  const [projectJson, packageJson] = await Promise.all([read('project.json'), read('package.json')]);
  const proofFile = files.has('proof.json') ? await readProofFile(toNative(root, file('proof.json')), file('proof.json')) : undefined;
  if (projectJson?.['root'] !== undefined && projectJson['root'] !== folder) {
    throw new ProofError('WORKSPACE_INVALID', `${file('project.json')}: "root" must be the folder that it lies in, ${folder}`, { details: { file: file('project.json') } });
  }
  const sources: ProjectSources = {
    ...(projectJson === undefined ? {} : { projectJson }),
    ...(packageJson === undefined ? {} : { packageJson }),
    ...(proofFile === undefined ? {} : { proofFile }),
  };
  return staticProject(folder, path.basename(path.join(root, folder)), sources, settings);
}

/** @throws ProofError WORKSPACE_INVALID when two projects have one name: a rule of the policy could mean either */
function byName(projects: readonly Project[]): Map<string, Project> {
  const found = new Map<string, Project>();
  for (const project of [...projects].sort((a, b) => compareBytes(a.name, b.name) || compareBytes(a.root, b.root))) {
    const other = found.get(project.name);
    if (other !== undefined) {
      const roots = [other.root, project.root];
      throw new ProofError('WORKSPACE_INVALID', `the projects in ${roots.join(' and ')} have the same name, ${project.name}`, { details: { project: project.name, roots } });
    }
    found.set(project.name, project);
  }
  return found;
}
