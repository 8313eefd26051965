import { isSystemError, ProofError } from '../errors';
import { printable } from '../files';

/** Answers of open() to a symbolic link with O_NOFOLLOW: ELOOP by POSIX, EMLINK on FreeBSD. */
const LINK_ERRORS = new Set(['ELOOP', 'EMLINK']);
/** Answers of open() to sockets, devices without a driver and (Windows) folders. */
const KIND_ERRORS = new Set(['ENXIO', 'ENODEV', 'EOPNOTSUPP', 'EISDIR']);
/** Nothing is there (any more). */
export const GONE_ERRORS: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR']);

// Each takes the workspace-relative path, which becomes details.path as it is and is escaped in the message.

export function symlinkError(path: string): ProofError {
  return new ProofError('ARTIFACT_SYMLINK', `"${printable(path)}" is a symbolic link`, { details: { path } });
}

export function kindError(path: string): ProofError {
  return new ProofError('ARTIFACT_KIND', `"${printable(path)}" is neither a regular file nor a folder`, { details: { path } });
}

export function changedError(path: string, what: string, cause?: unknown): ProofError {
  return new ProofError('FILE_CHANGED', `"${printable(path)}" ${what}`, { cause, details: { path } });
}

export function nestedError(path: string, what: string): ProofError {
  return new ProofError('NESTED_PACKAGE', `"${printable(path)}" ${what}`, { details: { path } });
}

export function abortedError(path: string): ProofError {
  return new ProofError('ABORTED', `interrupted before "${printable(path)}" was hashed`, { details: { path } });
}

/** A failure of the file system at `path`; `details.errno` tells a file that is gone (ENOENT, ENOTDIR) from one that cannot be read. */
export function accessError(error: unknown, path: string): unknown {
  if (!isSystemError(error)) return error;
  if (LINK_ERRORS.has(error.code)) return symlinkError(path);
  if (KIND_ERRORS.has(error.code)) return kindError(path);
  return new ProofError('IO_ERROR', `"${printable(path)}" cannot be read: ${error.code}`, { cause: error, details: { path, errno: error.code } });
}
