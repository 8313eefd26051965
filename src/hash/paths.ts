import { isUtf8 } from 'node:buffer';
import path from 'node:path';
import { ProofError } from '../errors';
import { printable } from '../files';
import { compareBytes } from '../model/digest';

const NEWLINE = 0x0a;

/** True for a relative path that stays below where it starts: no empty, `.` or `..` component. */
export const isBelow = (file: string): boolean => !/(^|\/)\.{0,2}(\/|$)/.test(file);

/**
 * Refuses a path that does not lie below the root by its spelling alone: absolute, or with an empty, `.` or `..` component; and one that
 * another file could answer to. A backslash is a character like any other on POSIX, and a separator on Windows, where it is refused: a file
 * `a\b` proved on Linux must not be looked for as `a/b`. So are colons there (drives and alternate streams).
 * @throws ProofError PATH_OUTSIDE, ARTIFACT_NAME
 */
export function checkPath(file: string, separator: string = path.sep): void {
  if (!isBelow(file)) {
    throw new ProofError('PATH_OUTSIDE', `"${printable(file)}" is not a path below the workspace root`, { details: { path: file } });
  }
  // Lone surrogates would be opened as U+FFFD.
  if (/[\n\0\p{Cs}]/u.test(file) || (separator === '\\' && /[\\:]/.test(file))) throw nameError(file, file);
}

/** True for a name that a proof can hold: UTF-8, because names are compared as text, and no newline, as in Go's `h1`. */
export function isProvableName(name: Buffer): boolean {
  return isUtf8(name) && !name.includes(NEWLINE);
}

export function nameError(shown: string | Buffer, file: string): ProofError {
  return new ProofError('ARTIFACT_NAME', `the name "${printable(shown)}" cannot be proved`, { details: { path: file } });
}

/** Sorts in place by UTF-8 bytes. JavaScript's order, which is several times faster, is the same unless surrogates occur. */
export function sortByBytes(names: string[]): string[] {
  return names.some((name) => /[\ud800-\udfff]/.test(name)) ? names.sort(compareBytes) : names.sort();
}

/** `folder` and what lies above it, outermost first, without the root: `a/b/c` gives a, a/b, a/b/c; `.` gives nothing. */
export function componentsOf(folder: string): string[] {
  if (folder === '.') return [];
  const names = folder.split('/');
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}
