import type { ByteString } from './git';

/** The one look at the files: index (H), modified (C), removed (R) and untracked (?) files, with what hides changes (-v). */
export const LISTING = ['ls-files', '-z', '-v', '-s', '-c', '-m', '-d', '-o', '--exclude-standard'];

/** What the index has, and nothing else. */
export const INDEX_LISTING = ['ls-files', '-z', '-v', '-s', '-c'];

/** A file that the index knows, or an untracked one (tag ?), which has neither mode nor id. */
export interface ListedFile {
  readonly tag: string;
  /** Octal; 120000 is a link, 160000 a submodule. */
  readonly mode?: string;
  /** The git object id in the index, in hex. */
  readonly id?: string;
  /** Above 0 in a merge with conflicts. */
  readonly stage?: number;
  /** Relative to the folder listed. A nested repository that the index does not know ends with a slash. */
  readonly path: ByteString;
}

/** Parses one record of `git ls-files -z -v -s` (git-ls-files(1), "OUTPUT"). */
export function parseListed(record: ByteString): ListedFile {
  const tag = record.charAt(0);
  const rest = record.slice(2);
  if (tag === '?') return { tag, path: rest };
  const tab = rest.indexOf('\t');
  const [mode, id, stage] = rest.slice(0, tab).split(' ');
  if (mode === undefined || id === undefined || stage === undefined) throw new TypeError('not a record of git ls-files -s');
  return { tag, mode, id, stage: Number(stage), path: rest.slice(tab + 1) };
}

/**
 * What to believe of the file: the id in the `index`, the content on `disk`, or the content only if it is there (`sparse`).
 * A lowercase tag means "assume unchanged": git would not look, so we must.
 */
export function trustOf(file: ListedFile): 'index' | 'disk' | 'sparse' {
  if (file.tag === 'S') return 'sparse';
  return file.tag === 'H' && file.stage === 0 ? 'index' : 'disk';
}

export type IndexedFile = ListedFile & { readonly id: string };

/** True for a file whose id in the index counts unless its content is found to differ. */
export function isOfIndex(file: ListedFile): file is IndexedFile {
  return trustOf(file) !== 'disk' && file.id !== undefined && !isProofFile(file.path);
}

/** True for what nx-proof itself writes: files in a folder `.proof`. */
export function isProofFile(path: ByteString): boolean {
  return path.startsWith('.proof/') || path.includes('/.proof/');
}
