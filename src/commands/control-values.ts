import { readdir } from 'node:fs/promises';
import { ProofError, isProofError, isSystemError } from '../errors';
import { joinPosix, readDocument, toNative } from '../files';
import { controlValues, isEnvFile } from '../model/control-values';

/** A file of variables is never larger, in bytes. */
const MAX_ENV_BYTES = 4 * 1024 * 1024;

/**
 * Refuses a workspace whose .env files assign what only its user may. Where a variable comes from cannot be told once it is in the environment, and
 * Nx even lets a file of a project take the place of what the CI has set: so it is the files that are looked at.
 * @param folders workspace-relative: '.' for the root, and the roots of projects
 * @param which own: only names that begin with NX_PROOF_
 * @throws ProofError ENV_FILE_CONTROL naming file and variables; IO_ERROR, FILE_TOO_LARGE
 */
export async function refuseControlValues(root: string, folders: Iterable<string>, which: 'all' | 'own' = 'all'): Promise<void> {
  const found = await Promise.all(Array.from(new Set(folders), (folder) => inFolder(root, folder, which)));
  const [first] = found.flat();
  if (first === undefined) return;
  const { file, names } = first;
  throw new ProofError('ENV_FILE_CONTROL', `${file} sets ${names.join(', ')}: what decides about proofs comes from whoever runs nx-proof, never from a file of the workspace`, {
    details: { file, names },
  });
}

interface Finding {
  readonly file: string;
  readonly names: readonly string[];
}

async function inFolder(root: string, folder: string, which: 'all' | 'own'): Promise<Finding[]> {
  const files = (await entriesOf(toNative(root, folder))).filter(isEnvFile).sort();
  const found = await Promise.all(
    files.map(async (name): Promise<Finding> => {
      const file = joinPosix(folder, name);
      return { file, names: controlValues(await textOf(toNative(root, file), file), which) };
    }),
  );
  return found.filter(({ names }) => names.length > 0);
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return [];
    throw error;
  }
}

/** What is no file, or cannot be read by this user, cannot be read by Nx either. */
async function textOf(file: string, name: string): Promise<string> {
  try {
    return (await readDocument(file, { missing: 'ENV_FILE_CONTROL', what: name, maxBytes: MAX_ENV_BYTES })).toString('utf8');
  } catch (error) {
    if (isProofError(error) && error.code === 'ENV_FILE_CONTROL') return '';
    if (isSystemError(error) && ['EACCES', 'EPERM', 'EISDIR', 'ELOOP'].includes(error.code)) return '';
    throw error;
  }
}
