import { close, constants, fstat, fstatSync, lstat, lstatSync, open, openSync, closeSync, type BigIntStats } from 'node:fs';
import { promisify } from 'node:util';
import { isSystemError } from '../errors';
import { toNative } from '../files';
import { accessError, changedError, kindError, symlinkError } from './refusals';

export interface OpenedFile {
  /** A file descriptor, which the caller closes. */
  readonly fd: number;
  /** As fstat gave them before anything was read. */
  readonly stats: BigIntStats;
}

// Descriptors and callbacks: a FileHandle of node:fs/promises costs several times as much as a small file takes to read.
const openAsync = promisify(open);
const lstatAsync = promisify(lstat);
const fstatAsync = promisify(fstat);
export const closeAsync = promisify(close);
export const fstatBig = (fd: number): Promise<BigIntStats> => fstatAsync(fd, { bigint: true });

// Windows has neither flag; there a link is found by lstat, and nothing else than a file or folder has a path.
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const NON_BLOCK = constants.O_NONBLOCK ?? 0;
const flags = (noFollow: number): number => constants.O_RDONLY | noFollow | NON_BLOCK;

/** Pauses in ms before open() is tried again when the process or system has no descriptor left: others are closed meanwhile. */
export const DESCRIPTOR_PAUSES: readonly number[] = [1, 5, 20, 50, 100, 200, 400, 800, 1600];
export const NO_DESCRIPTOR: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE']);

/**
 * Opens a regular file for reading without following a symbolic link and without waiting for the other end of a pipe.
 * @param noFollow O_NOFOLLOW, or 0 where the platform has no such flag
 * @throws ProofError ARTIFACT_SYMLINK, ARTIFACT_KIND, FILE_CHANGED, IO_ERROR
 */
export async function openFile(root: string, path: string, noFollow: number = NO_FOLLOW): Promise<OpenedFile> {
  const native = toNative(root, path);
  let fd: number | undefined;
  try {
    const expected = noFollow === 0 ? requireFile(await lstatAsync(native, { bigint: true }), path) : undefined;
    fd = await openAsync(native, flags(noFollow));
    return { fd, stats: requireSame(await fstatBig(fd), expected, path) };
  } catch (error) {
    if (fd !== undefined) await closeAsync(fd);
    throw accessError(error, path);
  }
}

/** openFile for a thread that may block; when there is no descriptor left, it waits for one. */
export function openFileSync(root: string, path: string, noFollow: number = NO_FOLLOW): OpenedFile {
  const native = toNative(root, path);
  let fd: number | undefined;
  try {
    const expected = noFollow === 0 ? requireFile(lstatSync(native, { bigint: true }), path) : undefined;
    fd = openPatientlySync(native, flags(noFollow));
    return { fd, stats: requireSame(fstatSync(fd, { bigint: true }), expected, path) };
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    throw accessError(error, path);
  }
}

function openPatientlySync(native: string, mode: number): number {
  for (const pause of DESCRIPTOR_PAUSES) {
    try {
      return openSync(native, mode);
    } catch (error) {
      if (!isSystemError(error) || !NO_DESCRIPTOR.has(error.code)) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
    }
  }
  return openSync(native, mode);
}

function requireFile(stats: BigIntStats, path: string): BigIntStats {
  if (stats.isSymbolicLink()) throw symlinkError(path);
  if (!stats.isFile()) throw kindError(path);
  return stats;
}

function requireSame(stats: BigIntStats, expected: BigIntStats | undefined, path: string): BigIntStats {
  if (!stats.isFile()) throw kindError(path);
  if (expected !== undefined && !isSameFile(expected, stats)) throw changedError(path, 'was replaced while it was opened');
  return stats;
}

type Identity = Pick<BigIntStats, 'dev' | 'ino'>;
type State = Identity & Pick<BigIntStats, 'size' | 'mtimeNs' | 'ctimeNs'>;

export const isSameFile = (a: Identity, b: Identity): boolean => a.dev === b.dev && a.ino === b.ino;

/** True when nothing wrote to the file between two fstat calls, as far as its inode tells: ctime cannot be set back by utimes. */
export const isUnchanged = (before: State, after: State): boolean =>
  isSameFile(before, after) && before.size === after.size && before.mtimeNs === after.mtimeNs && before.ctimeNs === after.ctimeNs;

/** What isUnchanged compares, as text. */
export const stateOf = ({ dev, ino, size, mtimeNs, ctimeNs }: State): string => [dev, ino, size, mtimeNs, ctimeNs].join(':');
