import { createHash } from 'node:crypto';
import { lstatSync, type Stats } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import path from 'node:path';
import { ProofError, isSystemError } from '../errors';
import { askGit, gitRecords, type ByteString, type Git } from './git';
import { LISTING, isOfIndex, isProofFile, parseListed, trustOf, type IndexedFile, type ListedFile } from './listing';

/** Where the workspace lies in the working tree. */
export interface Place {
  /** From the workspace up to the top: '' or '../', '../../', … */
  readonly up: string;
  /** From the top down to the workspace: '' or ending with a slash. */
  readonly prefix: ByteString;
  readonly algorithm: 'sha1' | 'sha256';
}

const LSTAT_BATCH = 64;
/** What git's quoting must spell out. */
const CONTROL = /[\u0000-\u001f"\\\u007f]/;

/** Object ids, as `git add` would make them now, of files whose content may differ from the index; undefined where none is left. */
export async function idsOfChanged(git: Git, place: Place, paths: readonly ByteString[]): Promise<Map<ByteString, string | undefined>> {
  const ids = new Map<ByteString, string | undefined>();
  const files: ByteString[] = [];
  for (let start = 0; start < paths.length; start += LSTAT_BATCH) {
    const batch = paths.slice(start, start + LSTAT_BATCH);
    const found = await Promise.all(batch.map((file) => lstatOf(git, file)));
    for (const [index, file] of batch.entries()) {
      const stats = found[index];
      if (stats?.isFile() === true) files.push(file);
      else ids.set(file.replace(/\/$/, ''), await idOfOther(git, place, file, stats));
    }
  }
  await hashFiles(git, place, files, ids);
  return ids;
}

/**
 * Untracked, modified, removed and hidden files, each once.
 * @param unchanged is told of what the index has, in byte order, for as long as nothing is found that differs
 */
export async function listChanged(git: Git, unchanged: (file: IndexedFile) => void): Promise<ByteString[]> {
  const paths = new Set<ByteString>();
  for await (const records of gitRecords(git, LISTING, '\0')) {
    for (const record of records) {
      const file = parseListed(record);
      if (isProofFile(file.path)) continue;
      if (differs(git, file)) paths.add(file.path);
      else if (paths.size === 0 && isOfIndex(file)) unchanged(file);
    }
  }
  return [...paths];
}

function differs(git: Git, file: ListedFile): boolean {
  const trust = trustOf(file);
  // A sparse checkout leaves out many files: asking for each in turn is quicker here than in batches.
  return trust === 'disk' || (trust === 'sparse' && lstatSync(nativePath(git, file.path), { throwIfNoEntry: false }) !== undefined);
}

/** Bytes, because a name need not be UTF-8. */
function nativePath(git: Git, file: ByteString): Buffer {
  return Buffer.concat([Buffer.from(git.root + path.sep), Buffer.from(file.replace(/\/$/, ''), 'latin1')]);
}

async function lstatOf(git: Git, file: ByteString): Promise<Stats | undefined> {
  try {
    return await lstat(nativePath(git, file));
  } catch (error) {
    if (isSystemError(error) && ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(error.code)) return undefined;
    throw error;
  }
}

/** The id of a link (a blob of its target, git's mode 120000) or nested repository (its commit); undefined for what git does not add. */
async function idOfOther(git: Git, place: Place, file: ByteString, stats: Stats | undefined): Promise<string | undefined> {
  if (stats?.isSymbolicLink() === true) {
    const target = await readlink(nativePath(git, file), { encoding: 'buffer' });
    return blobId(place, path.sep === '/' ? target : Buffer.from(target.toString().replaceAll(path.sep, '/')));
  }
  return stats?.isDirectory() === true ? headOf(git, file) : undefined;
}

function blobId(place: Place, content: Buffer): string {
  return createHash(place.algorithm).update(`blob ${content.length}\0`).update(content).digest('hex');
}

/** The commit that is checked out in a submodule or nested repository; undefined for a plain folder in a file's place. */
async function headOf(git: Git, file: ByteString): Promise<string | undefined> {
  const folder = Buffer.from(file, 'latin1').toString();
  const [inside] = (await askGit(git, ['-C', folder, 'rev-parse', '--show-prefix'])).split('\n');
  if (inside !== '') return undefined;
  try {
    return (await askGit(git, ['-C', folder, 'rev-parse', '--verify', 'HEAD'])).trim();
  } catch (error) {
    throw new ProofError('GIT_REQUIRED', `${folder} is a git repository of its own without a commit: commit there, or ignore it`, { cause: error, details: { path: folder } });
  }
}

/** Adds the ids of regular files. git's filters (line endings, LFS) apply as in `git add`. */
async function hashFiles(git: Git, place: Place, files: readonly ByteString[], ids: Map<ByteString, string | undefined>): Promise<void> {
  if (files.length === 0) return;
  let next = 0;
  // Paths on the standard input are relative to the top of the working tree wherever git is run: so run it there.
  for await (const lines of gitRecords(git, ['-C', place.up, 'hash-object', '--stdin-paths'], '\n', pathLines(place, files))) {
    for (const id of lines) {
      ids.set(files[next] ?? '', id);
      next += 1;
    }
  }
  if (next !== files.length) throw new ProofError('IO_ERROR', `git hash-object answered for ${next} of ${files.length} files`);
}

function* pathLines(place: Place, files: readonly ByteString[]): Generator<Buffer> {
  for (let start = 0; start < files.length; start += 1000) {
    const lines = files.slice(start, start + 1000).map((file) => `${quotePath(place.prefix + file)}\n`);
    yield Buffer.from(lines.join(''), 'latin1');
  }
}

/** git's C-style quoting, which its line-based input understands; needed for names with a newline, a quote or a final carriage return. */
export function quotePath(file: ByteString): ByteString {
  if (!CONTROL.test(file)) return file;
  return `"${file.replace(new RegExp(CONTROL, 'g'), (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)}"`;
}
