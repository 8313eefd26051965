import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, type FileHandle } from 'node:fs/promises';
import { toNative } from '../files';
import { accessError, changedError, kindError, symlinkError } from './refusals';

export interface OpenedFile {
  readonly handle: FileHandle;
  /** As fstat gave them before anything was read. */
  readonly stats: BigIntStats;
}

// Windows has neither flag; there a link is found by lstat, and nothing else than a file or folder has a path.
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const NON_BLOCK = constants.O_NONBLOCK ?? 0;

/**
 * Opens a regular file for reading without following a symbolic link and without waiting for the other end of a pipe.
 * The caller closes the handle.
 * @param noFollow O_NOFOLLOW, or 0 where the platform has no such flag
 * @throws ProofError ARTIFACT_SYMLINK, ARTIFACT_KIND, FILE_CHANGED, IO_ERROR
 */
export async function openFile(root: string, path: string, noFollow: number = NO_FOLLOW): Promise<OpenedFile> {
  const native = toNative(root, path);
  const expected = noFollow === 0 ? await lstatFile(native, path) : undefined;
  const handle = await open(native, constants.O_RDONLY | noFollow | NON_BLOCK).catch((error: unknown) => {
    throw accessError(error, path);
  });
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile()) throw kindError(path);
    if (expected !== undefined && !isSameFile(expected, stats)) throw changedError(path, 'was replaced while it was opened');
    return { handle, stats };
  } catch (error) {
    await handle.close();
    throw accessError(error, path);
  }
}

async function lstatFile(native: string, path: string): Promise<BigIntStats> {
  const stats = await lstat(native, { bigint: true }).catch((error: unknown) => {
    throw accessError(error, path);
  });
  if (stats.isSymbolicLink()) throw symlinkError(path);
  if (!stats.isFile()) throw kindError(path);
  return stats;
}

type Identity = Pick<BigIntStats, 'dev' | 'ino'>;
type State = Identity & Pick<BigIntStats, 'size' | 'mtimeNs' | 'ctimeNs'>;

export const isSameFile = (a: Identity, b: Identity): boolean => a.dev === b.dev && a.ino === b.ino;

/** True when nothing wrote to the file between two fstat calls, as far as its inode tells: ctime cannot be set back by utimes. */
export const isUnchanged = (before: State, after: State): boolean =>
  isSameFile(before, after) && before.size === after.size && before.mtimeNs === after.mtimeNs && before.ctimeNs === after.ctimeNs;
