import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { ProofError, isSystemError } from '../errors';
import { isWithin, joinPosix, lstatIfExists, toNative, toWorkspacePath } from '../files';
import { PROOF_FILES, PROOF_FOLDER, type Project, type Workspace } from '../model/project';
import { invalid } from './parse';

/** A project, and the bundle to verify when it is not the one in the project's own .proof folder. */
export interface Selected {
  readonly project: Project;
  /** Absolute native path. */
  readonly bundle?: string;
}

interface Place {
  readonly workspace: Workspace;
  /** Absolute native path that arguments are relative to. */
  readonly cwd: string;
}

/** @throws ProofError PROJECT_UNKNOWN */
export function projectNamed({ workspace }: Place, name: string): Project {
  const project = workspace.projects.get(name);
  if (project === undefined) throw new ProofError('PROJECT_UNKNOWN', `the workspace ${workspace.root} has no project ${JSON.stringify(name)}`, { details: { project: name } });
  return project;
}

/**
 * The project whose folder the command runs in, or undefined. A package that is none of the workspace's projects is no part of the project around it:
 * `pnpm exec` in it must not be answered with what is true of another one.
 */
export function projectHere({ workspace, cwd }: Place): Project | undefined {
  const here = toWorkspacePath(workspace.root, cwd);
  const project = here === undefined ? undefined : nearest(workspace, here);
  if (here === undefined || project === undefined) return undefined;
  for (let folder = here; folder !== project.root; folder = path.posix.dirname(folder)) {
    if (['project.json', 'package.json'].some((name) => existsSync(toNative(workspace.root, joinPosix(folder, name))))) return undefined;
  }
  return project;
}

/** A project by its name, or by its folder. @throws ProofError PROJECT_UNKNOWN */
export function projectArgument(place: Place, argument: string): Project {
  const byName = place.workspace.projects.get(argument);
  if (byName !== undefined) return byName;
  const folder = toWorkspacePath(place.workspace.root, path.resolve(place.cwd, argument));
  const byFolder = folder === undefined ? undefined : projectAt(place.workspace, folder);
  if (byFolder !== undefined) return byFolder;
  throw new ProofError('PROJECT_UNKNOWN', `${JSON.stringify(argument)} is neither the name nor the folder of a project of ${place.workspace.root}`, { details: { argument } });
}

/**
 * What a PATH means: a project's folder, its .proof folder, the bundle or envelope in it, or a bundle from elsewhere. Never a name, so that no
 * project can be called like the folder of another one.
 * @param as the project of --project
 * @throws ProofError PROOF_NOT_FOUND, PROJECT_UNKNOWN, OPTION_INVALID
 */
export async function selectPath(place: Place, argument: string, as: Project | undefined): Promise<Selected> {
  const file = path.resolve(place.cwd, argument);
  const relative = toWorkspacePath(place.workspace.root, file);
  if (await isFolder(file, argument)) return { project: folderProject(place, relative, argument, as) };
  const owner = relative === undefined ? undefined : signedProofOf(place.workspace, relative);
  if (owner !== undefined && (as === undefined || as === owner)) return { project: owner };
  if (relative !== undefined && owner === undefined && relative.split('/').includes(PROOF_FOLDER)) {
    throw new ProofError('PROOF_NOT_FOUND', `${argument} is no signed proof; in a ${PROOF_FOLDER} folder that is ${PROOF_FILES.bundle}`, { details: { file } });
  }
  const project = as ?? (relative === undefined ? undefined : nearest(place.workspace, relative));
  if (project === undefined) throw invalid('PATH', argument, 'lies in no project; say with --project NAME which one it is a proof of');
  return { project, bundle: file };
}

async function isFolder(file: string, argument: string): Promise<boolean> {
  try {
    return (await stat(file)).isDirectory();
  } catch (error) {
    if (!isSystemError(error) || (error.code !== 'ENOENT' && error.code !== 'ENOTDIR')) throw error;
    throw new ProofError('PROOF_NOT_FOUND', `there is nothing at ${argument}`, { cause: error, details: { file } });
  }
}

function folderProject({ workspace }: Place, relative: string | undefined, argument: string, as: Project | undefined): Project {
  const folder = relative?.split('/').at(-1) === PROOF_FOLDER ? joinPosix(relative, '..') : relative;
  const project = folder === undefined ? undefined : projectAt(workspace, folder);
  if (project === undefined) throw new ProofError('PROJECT_UNKNOWN', `${argument} is not the folder of a project of ${workspace.root}`, { details: { argument } });
  if (as !== undefined && as !== project) throw invalid('--project', as.name, `is not the project in ${argument}, which is ${project.name}`);
  return project;
}

/** The project whose own signed proof this file is a part of. */
function signedProofOf(workspace: Workspace, relative: string): Project | undefined {
  return [...workspace.projects.values()].find(({ root }) => [PROOF_FILES.bundle, PROOF_FILES.signedEnvelope].some((name) => joinPosix(root, name) === relative));
}

const projectAt = ({ projects }: Workspace, folder: string): Project | undefined => [...projects.values()].find(({ root }) => root === folder);

function nearest({ projects }: Workspace, relative: string): Project | undefined {
  const around = [...projects.values()].filter(({ root }) => isWithin(root, relative));
  return around.sort((a, b) => depth(b.root) - depth(a.root))[0];
}

const depth = (root: string): number => (root === '.' ? 0 : root.split('/').length);

/** The projects that have a statement to sign. */
export async function projectsWithStatement({ root, projects }: Workspace): Promise<Project[]> {
  const found = await Promise.all(
    [...projects.values()].map(async (project) => ((await lstatIfExists(toNative(root, joinPosix(project.root, PROOF_FILES.statement)))) === undefined ? [] : [project])),
  );
  return found.flat();
}
