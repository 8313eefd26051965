import path from 'node:path';
import { isProofError, ProofError } from '../../errors';
import { isWithin, lstatIfExists, toWorkspacePath } from '../../files';
import { PROOF_FOLDER, type Project, type Workspace } from '../../model/project';
import { nxSettings, staticProject } from '../../model/static-project';
import { readConfig } from '../config';
import { POLICY_FILE } from '../policy';
import { findWorkspaceRoot, readWorkspace } from '../workspace';

/**
 * The folder that `workspace:` URIs start from: the nearest Nx workspace around `folder`, else the nearest folder with a policy, else the nearest git
 * repository, else `folder` itself.
 * @param folder absolute native path
 */
export async function findProofRoot(folder: string): Promise<string> {
  try {
    return await findWorkspaceRoot(folder);
  } catch (error) {
    if (!isProofError(error) || error.code !== 'WORKSPACE_NOT_FOUND') throw error;
    return (await findUpwards(folder, POLICY_FILE)) ?? (await findUpwards(folder, '.git')) ?? folder;
  }
}

async function findUpwards(folder: string, name: string): Promise<string | undefined> {
  for (let candidate = folder; ; candidate = path.dirname(candidate)) {
    if ((await lstatIfExists(path.join(candidate, name))) !== undefined) return candidate;
    if (path.dirname(candidate) === candidate) return undefined;
  }
}

/**
 * The workspace of a root: of an Nx workspace its members, as readWorkspace has them; elsewhere one project, the root, by the name of its
 * package.json or of its folder.
 * @throws ProofError as readWorkspace does
 */
export async function readProofWorkspace(root: string, options: { readonly graph?: string } = {}): Promise<Workspace> {
  const isNx = (await lstatIfExists(path.join(root, 'nx.json'))) !== undefined;
  if (isNx || options.graph !== undefined) return readWorkspace(root, options);
  const hasPackage = (await lstatIfExists(path.join(root, 'package.json'))) !== undefined;
  const packageJson = hasPackage ? await readConfig(path.join(root, 'package.json'), 'package.json', 'WORKSPACE_INVALID') : undefined;
  const project = staticProject('.', path.basename(root), packageJson === undefined ? {} : { packageJson }, nxSettings({}));
  return { root, projects: new Map([[project.name, project]]) };
}

/** The member that a workspace path lies in: the innermost one around it. */
export function memberAround({ projects }: Workspace, relative: string): Project | undefined {
  const depth = ({ root }: Project): number => (root === '.' ? 0 : root.split('/').length);
  return [...projects.values()].filter(({ root }) => isWithin(root, relative)).sort((a, b) => depth(b) - depth(a))[0];
}

/**
 * Refuses the envelope of an Nx target: its proof is a bundle beside it, about more than files.
 * @param file absolute native path
 * @throws ProofError OPTION_INVALID
 */
export function refuseTargetProof(root: string, file: string): void {
  const parts = (toWorkspacePath(root, file) ?? file).split(/[\\/]/);
  const at = parts.indexOf(PROOF_FOLDER);
  if (at === -1) return;
  const folder = parts.slice(0, at).join('/') || '.';
  throw new ProofError('OPTION_INVALID', `${parts.join('/')} belongs to the proof of an Nx target; "nx-proof sign ${folder}" and "nx-proof verify ${folder}" are for those`, { details: { file } });
}
