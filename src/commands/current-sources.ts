import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { isProofError } from '../errors';
import { lstatIfExists } from '../files';
import type { Project } from '../model/project';
import type { Session } from './session';

/**
 * sha256 of the project's sources as they are now; undefined where there is no git repository. A repository that git refuses (its owner, its state)
 * or a missing git is no such place: there the sources must be compared.
 * @throws ProofError GIT_REQUIRED, IO_ERROR, ABORTED
 */
export async function currentSources(session: Session, project: Project): Promise<string | undefined> {
  try {
    return (await session.source.digests())(project.name);
  } catch (error) {
    if (isProofError(error) && error.code === 'GIT_REQUIRED' && !(await isInRepository(session.workspace.root))) return undefined;
    throw error;
  }
}

async function isInRepository(folder: string): Promise<boolean> {
  for (let candidate = await realpath(folder); ; candidate = path.dirname(candidate)) {
    if ((await lstatIfExists(path.join(candidate, '.git'))) !== undefined) return true;
    if (path.dirname(candidate) === candidate) return false;
  }
}
