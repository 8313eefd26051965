import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { isSystemError, type ProofError } from '../errors';
import { printable, toNative } from '../files';
import { PROOF_FOLDER } from '../model/project';
import { kindOf } from './folders';
import { isProvableName, nameError, sortByBytes } from './paths';
import { abortedError, accessError, changedError, GONE_ERRORS, kindError, nestedError, symlinkError } from './refusals';

export interface WalkOptions {
  /** Roots of the other members of the workspace: they are errors wherever the walk meets them. */
  readonly members: readonly string[];
  readonly signal?: AbortSignal;
}

/** A folder being walked: what is still to come, in reverse order, folders with a final '/'. */
interface Frame {
  readonly prefix: string;
  readonly names: string[];
}

/**
 * The regular files below a folder, as workspace-relative paths in the byte order of the whole path. Nothing is skipped: node_modules and
 * dot files count. One folder per level is held in memory. The folder was found before; when it or one below is gone, that is a change.
 * @param root absolute native path of the workspace, which may itself be a symbolic link
 * @param folder workspace-relative path
 * @throws ProofError ARTIFACT_SYMLINK (also for a component above the folder), ARTIFACT_KIND, ARTIFACT_NAME, NESTED_PACKAGE, FILE_CHANGED,
 * IO_ERROR, ABORTED; details.path names the file or folder
 */
export async function* walk(root: string, folder: string, options: WalkOptions): AsyncGenerator<string> {
  const members = new Set(options.members);
  if (folder.split('/').includes(PROOF_FOLDER)) throw proofFolderError(folder);
  if (members.has(folder)) throw memberError(folder);
  if ((await kindOf(root, folder)) !== 'folder') throw changedError(folder, 'is no longer a folder');
  const stack = [await readFrame(root, folder, members)];
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    const name = frame.names.pop();
    if (name === undefined) {
      stack.pop();
    } else if (!name.endsWith('/')) {
      yield frame.prefix + name;
    } else {
      const below = frame.prefix + name.slice(0, -1);
      if (options.signal?.aborted === true) throw abortedError(below);
      stack.push(await readFrame(root, below, members));
    }
  }
}

/** All that a folder holds, checked before any of it is given out. */
async function readFrame(root: string, folder: string, members: ReadonlySet<string>): Promise<Frame> {
  const prefix = folder === '.' ? '' : `${folder}/`;
  const entries = await readFolder(root, folder);
  const refused = entries.filter((entry) => refusalOf(prefix, entry, members) !== undefined).sort((a, b) => Buffer.compare(a.name, b.name));
  const [first] = refused;
  if (first !== undefined) throw refusalOf(prefix, first, members);
  // The final '/' puts a folder where its files belong: a-b, a.b, a/b are in order, and so are a-b/x, a.b/x, a/b/x.
  const names = entries.map((entry) => (entry.isDirectory() ? `${entry.name.toString()}/` : entry.name.toString()));
  return { prefix, names: sortByBytes(names).reverse() };
}

async function readFolder(root: string, folder: string): Promise<Dirent<Buffer>[]> {
  try {
    return await readdir(toNative(root, folder), { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    if (isSystemError(error) && GONE_ERRORS.has(error.code)) throw changedError(folder, 'vanished while it was walked', error);
    throw accessError(error, folder);
  }
}

function refusalOf(prefix: string, entry: Dirent<Buffer>, members: ReadonlySet<string>): ProofError | undefined {
  if (!isProvableName(entry.name)) return nameError(Buffer.concat([Buffer.from(prefix), entry.name]), prefix + printable(entry.name));
  const name = entry.name.toString();
  if (entry.isSymbolicLink()) return symlinkError(prefix + name);
  if (entry.isFile()) return undefined;
  if (!entry.isDirectory()) return kindError(prefix + name);
  if (name === PROOF_FOLDER) return proofFolderError(prefix + name);
  return members.has(prefix + name) ? memberError(prefix + name) : undefined;
}

const proofFolderError = (folder: string): ProofError => nestedError(folder, 'is or lies in a folder of proofs, which cannot be an artifact');
const memberError = (folder: string): ProofError => nestedError(folder, 'is the root of another project of the workspace');
