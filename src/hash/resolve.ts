import { lstat, readdir, type Dirent, type Stats } from 'node:fs';
import path from 'node:path';
import type { Entry } from 'fast-glob';
import { isSystemError, ProofError } from '../errors';
import { isWithin, joinPosix, printable, toNative } from '../files';
import { PROOF_FOLDER } from '../model/project';
import { kindOf } from './folders';
import { checkPath, isProvableName, nameError, sortByBytes } from './paths';
import { artifactPatternToWorkspace, type ArtifactPattern } from './patterns';
import { accessError, kindError, nestedError, symlinkError } from './refusals';

/** The most folders that a proof may have as artifact roots. */
export const MAX_FOLDER_ROOTS = 24;

/** What a project's artifacts are, before anything is read. Paths are workspace-relative with forward slashes. */
export interface ArtifactScope {
  /** Absolute native path of the workspace. */
  readonly root: string;
  readonly project: { readonly name: string; readonly root: string };
  /** Artifact patterns as configured: see artifactPatternToWorkspace. */
  readonly patterns: readonly string[];
  /** Roots of all other projects. */
  readonly members: readonly string[];
}

/** The artifact roots: folders, of which everything counts, and files outside of them. Disjoint, each list in byte order. */
export interface ArtifactSet {
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

const VIRTUAL_ROOT = path.resolve('/');
type ReaddirCallback = (error: NodeJS.ErrnoException | null, entries: Dirent[]) => void;

interface Match {
  readonly path: string;
  readonly kind: 'file' | 'folder';
}

/**
 * Finds what the patterns name. A pattern that matches nothing contributes nothing, since targets declare outputs that not every build makes.
 * @throws ProofError ARTIFACTS_EMPTY, ARTIFACT_ROOTS, ARTIFACT_SYMLINK, ARTIFACT_KIND, ARTIFACT_NAME, NESTED_PACKAGE, OPTION_INVALID,
 * PATH_OUTSIDE, IO_ERROR
 */
export async function resolveArtifacts(scope: ArtifactScope): Promise<ArtifactSet> {
  const patterns = scope.patterns.map((pattern) => artifactPatternToWorkspace(pattern, scope.project));
  const found = new Map<string, Match['kind']>();
  for (const pattern of patterns) {
    for await (const match of matchesOf(scope, pattern)) found.set(match.path, match.kind);
  }
  if (found.size === 0) throw emptyError(scope, patterns);
  const names = (kind: Match['kind']): string[] => sortByBytes([...found].filter((entry) => entry[1] === kind).map((entry) => entry[0]));
  const folders = outermost(names('folder'));
  if (folders.length > MAX_FOLDER_ROOTS) {
    const message = `project "${scope.project.name}": the artifacts are ${folders.length} folders; at most ${MAX_FOLDER_ROOTS} can be proved`;
    throw new ProofError('ARTIFACT_ROOTS', message, { details: { project: scope.project.name, roots: folders.length } });
  }
  return { folders, files: names('file').filter((file) => !folders.some((folder) => isWithin(folder, file))) };
}

/** Drops folders inside others. A folder comes before all that it contains, but not directly before: a, a-b, a/b. */
function outermost(folders: readonly string[]): string[] {
  const all = new Set(folders);
  const isInner = (folder: string): boolean => {
    for (let above = folder; above !== '.'; ) {
      above = path.posix.dirname(above);
      if (all.has(above)) return true;
    }
    return false;
  };
  return folders.filter((folder) => !isInner(folder));
}

async function* matchesOf(scope: ArtifactScope, pattern: ArtifactPattern): AsyncGenerator<Match> {
  const kind = await kindOf(scope.root, pattern.base);
  if (pattern.glob !== undefined) {
    if (kind === 'folder') yield* expand(scope, pattern.base, pattern.glob, pattern.foldersOnly);
  } else if (kind === 'folder') {
    yield { path: pattern.base, kind };
  } else if (kind === 'file' && !pattern.foldersOnly) {
    checkLooseFile(pattern.base, []);
    yield { path: pattern.base, kind };
  }
}

async function* expand(scope: ArtifactScope, base: string, glob: string, foldersOnly: boolean): AsyncGenerator<Match> {
  const nested = scope.members.filter((member) => member !== base && isWithin(base, member));
  for await (const entry of globEntries(toNative(scope.root, base), glob, base)) {
    const file = base === '.' ? entry.path : `${base}/${entry.path}`;
    checkPath(file);
    if (entry.dirent.isSymbolicLink()) throw symlinkError(file);
    if (entry.dirent.isDirectory()) yield { path: file, kind: 'folder' };
    else if (!foldersOnly) {
      if (!entry.dirent.isFile()) throw kindError(file);
      checkLooseFile(file, nested);
      yield { path: file, kind: 'file' };
    }
  }
}

/** A folder root is looked through when it is walked; a loose file is outside of all of them. */
function checkLooseFile(file: string, members: readonly string[]): void {
  if (file.split('/').slice(0, -1).includes(PROOF_FOLDER)) throw nestedError(file, 'lies in a folder of proofs, which cannot be an artifact');
  const owner = members.find((member) => isWithin(member, file));
  if (owner !== undefined) throw nestedError(file, `belongs to another project of the workspace, "${printable(owner)}"`);
}

async function* globEntries(cwd: string, glob: string, base: string): AsyncGenerator<Entry> {
  // Most projects name folders: loading it takes longer than all else that a small project needs.
  const { stream: globStream } = await import('fast-glob');
  const fs = confinedTo(cwd);
  const stream = globStream(glob, { cwd: VIRTUAL_ROOT, dot: true, followSymbolicLinks: false, onlyFiles: false, objectMode: true, fs });
  try {
    // The types know only the strings of the mode without objects.
    for await (const entry of stream) yield entry as unknown as Entry;
  } catch (error) {
    throw isSystemError(error) ? accessError(error, base) : error;
  }
}

/**
 * The file system below `cwd` for fast-glob, which reads backslashes in its cwd as slashes, and follows `..` in braces. So it gets a root of its
 * own, which `..` does not leave.
 */
function confinedTo(cwd: string): { lstat: typeof lstat; readdir: typeof readdir } {
  const native = (file: string): string => path.join(cwd, path.relative(VIRTUAL_ROOT, file));
  const lstatBelow = (file: string, callback: (error: NodeJS.ErrnoException | null, stats: Stats) => void): void => lstat(native(file), callback);
  const readdirBelow = (folder: string, _: unknown, callback: ReaddirCallback): void => readdirStrictly(native(folder), callback);
  // fast-glob calls these two forms out of all that the types of node:fs have.
  return { lstat: lstatBelow as typeof lstat, readdir: readdirBelow as typeof readdir };
}

/** readdir for fast-glob, which would turn bytes that are not UTF-8 into U+FFFD and then pass over a folder that it cannot find. */
function readdirStrictly(folder: string, callback: ReaddirCallback): void {
  readdir(folder, { withFileTypes: true, encoding: 'buffer' }, (error, entries) => {
    // `{README.md,dist}/*` looks into the file as well.
    if (error?.code === 'ENOTDIR') return callback(null, []);
    if (error !== null) return callback(error, []);
    const bad = entries.find((entry) => !isProvableName(entry.name));
    if (bad !== undefined) return callback(nameError(bad.name, printable(bad.name)), []);
    callback(null, entries.map((entry) => Object.assign(entry as unknown as Dirent, { name: entry.name.toString() })));
  });
}

function emptyError(scope: ArtifactScope, patterns: readonly ArtifactPattern[]): ProofError {
  const { name } = scope.project;
  const looked = patterns.map(({ base, glob }) => `"${printable(glob === undefined ? base : joinPosix(base, glob))}"`).join(', ');
  const given = scope.patterns.map((pattern) => `"${printable(pattern)}"`).join(', ');
  const message = looked === '' ? `project "${name}" has no artifact patterns` : `project "${name}": nothing matches the artifacts ${given}; looked for ${looked}`;
  return new ProofError('ARTIFACTS_EMPTY', message, { details: { project: name, patterns: scope.patterns } });
}
