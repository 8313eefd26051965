import type { Dirent } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import ignore, { type Ignore } from 'ignore';

/** The files by which a folder is a project, or says something about one. */
const PROJECT_FILES = ['project.json', 'package.json', 'proof.json'] as const;
export type ProjectFileName = (typeof PROJECT_FILES)[number];

/** Folders that never hold projects, whatever the ignore files say. */
const NEVER: ReadonlySet<string> = new Set(['node_modules', '.git', '.nx', '.proof', '.yarn']);
const IGNORE_FILES = ['.gitignore', '.nxignore'];

interface Level {
  /** Native path of the folder that the patterns are relative to. */
  readonly folder: string;
  readonly matcher: Ignore;
}

/**
 * The folders of a workspace that hold project files, each with the names found; keys are relative to `root` with forward slashes, '.' is the root.
 * As for Nx, what a .gitignore or .nxignore of the workspace excludes is no project, and links to folders are not followed.
 */
export async function findProjectFiles(root: string): Promise<Map<string, ReadonlySet<ProjectFileName>>> {
  const found = new Map<string, ReadonlySet<ProjectFileName>>();
  await visit(root, '.', [], found);
  return found;
}

async function visit(root: string, folder: string, above: readonly Level[], found: Map<string, ReadonlySet<ProjectFileName>>): Promise<void> {
  const native = path.join(root, folder);
  const entries = await readdir(native, { withFileTypes: true });
  const levels = await withIgnoreFiles(native, entries, above);
  const kept = (entry: Dirent): boolean => !isIgnored(path.join(native, entry.name), entry.isDirectory(), levels);
  const names = PROJECT_FILES.filter((name) => entries.some((entry) => entry.name === name && !entry.isDirectory() && kept(entry)));
  if (names.length > 0) found.set(folder, new Set(names));
  const folders = entries.filter((entry) => entry.isDirectory() && !NEVER.has(entry.name) && kept(entry));
  await Promise.all(folders.map(({ name }) => visit(root, path.posix.join(folder, name), levels, found)));
}

/** The levels that hold in a folder, nearest first: its own ignore files as one, so that .nxignore can take back what .gitignore excludes. */
async function withIgnoreFiles(folder: string, entries: readonly Dirent[], above: readonly Level[]): Promise<readonly Level[]> {
  const present = IGNORE_FILES.filter((name) => entries.some((entry) => entry.name === name && !entry.isDirectory()));
  if (present.length === 0) return above;
  const matcher = ignore();
  for (const name of present) matcher.add(await readFile(path.join(folder, name), 'utf8'));
  return [{ folder, matcher }, ...above];
}

/** The nearest level that has an opinion decides (https://git-scm.com/docs/gitignore); no one asks about what lies below an ignored folder. */
function isIgnored(file: string, isFolder: boolean, levels: readonly Level[]): boolean {
  for (const { folder, matcher } of levels) {
    const relative = path.relative(folder, file).split(path.sep).join('/');
    const { ignored, unignored } = matcher.test(isFolder ? `${relative}/` : relative);
    if (ignored || unignored) return ignored;
  }
  return false;
}
