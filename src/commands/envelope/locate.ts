import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ProofError } from '../../errors';
import { lstatIfExists, toNative, toWorkspacePath } from '../../files';
import { checkPath } from '../../hash';
import { readFileUri, workspaceUri } from '../../model/uri';

/** Where files of envelopes may lie. */
export interface Bounds {
  /** Absolute native path of the workspace. */
  readonly root: string;
  /** Where relative paths of the tool before nx-proof started. */
  readonly cwd: string;
  /** Folders outside of the workspace from which files may be read, too: absolute native paths. */
  readonly allowed: readonly string[];
}

export interface LocatedFile {
  /** What statements call it: its workspace path, or the file URL of one outside of the workspace. */
  readonly name: string;
  /** Absolute native path of the folder that it may not leave. */
  readonly base: string;
  /** Relative to `base`, with forward slashes. */
  readonly path: string;
  readonly isInWorkspace: boolean;
}

/** The bounds with folders by their real paths as well: a URI may have been written with either. */
export async function openBounds(root: string, cwd: string, allowed: readonly string[] = []): Promise<Bounds> {
  return { root, cwd, allowed: allowed.map((folder) => path.resolve(cwd, folder)).concat(await Promise.all(allowed.map((folder) => real(path.resolve(cwd, folder))))) };
}

const real = (folder: string): Promise<string> => realpath(folder).catch(() => folder);

/**
 * The file that a URI names.
 * @throws ProofError PATH_OUTSIDE when it lies outside of the bounds or is no such URI; ARTIFACT_NAME
 */
export async function locateUri(bounds: Bounds, uri: string): Promise<LocatedFile> {
  const read = readFileUri(uri);
  if (read === undefined) throw new ProofError('PATH_OUTSIDE', `${JSON.stringify(uri)} is neither a workspace: URI in its one spelling nor a file: URI`, { details: { uri } });
  if ('path' in read) return inWorkspace(bounds, read.path);
  return locateNative(bounds, nativePath(read.url, uri));
}

function nativePath(url: URL, uri: string): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new ProofError('PATH_OUTSIDE', `${JSON.stringify(uri)} is no file: URI of this system`, { cause, details: { uri } });
  }
}

/**
 * A native path, absolute or relative to the current folder.
 * @throws ProofError PATH_OUTSIDE, ARTIFACT_NAME
 */
export async function locateNative(bounds: Bounds, file: string): Promise<LocatedFile> {
  const absolute = path.resolve(bounds.cwd, file);
  const inside = toWorkspacePath(bounds.root, absolute) ?? toWorkspacePath(await real(bounds.root), absolute);
  if (inside !== undefined) return inWorkspace(bounds, inside);
  for (const base of bounds.allowed) {
    const below = toWorkspacePath(base, absolute);
    if (below === undefined) continue;
    checkPath(below);
    return { name: pathToFileURL(absolute).href, base, path: below, isInWorkspace: false };
  }
  throw new ProofError('PATH_OUTSIDE', `${absolute} lies outside of the workspace ${bounds.root}; --allow-outside FOLDER lets files be read from there`, { details: { file: absolute } });
}

/**
 * The path of evidence: a URI; or absolute; or relative to the first of these folders where there is such a file. Envelopes have it relative to the
 * workspace, what is given to create and the envelopes of the tool before nx-proof relative to the current folder.
 * @param first which of the two comes first
 * @throws ProofError PATH_OUTSIDE, ARTIFACT_NAME
 */
export async function locateEvidence(bounds: Bounds, evidencePath: string, first: 'root' | 'cwd'): Promise<LocatedFile> {
  if (/^(file|workspace):/.test(evidencePath)) return locateUri(bounds, evidencePath);
  const folders = first === 'root' ? [bounds.root, bounds.cwd] : [bounds.cwd, bounds.root];
  const candidates = folders.map((folder) => path.resolve(folder, evidencePath));
  for (const candidate of candidates) {
    if ((await lstatIfExists(candidate)) !== undefined) return locateNative(bounds, candidate);
  }
  return locateNative(bounds, candidates[0] ?? evidencePath);
}

function inWorkspace({ root }: Bounds, relative: string): LocatedFile {
  checkPath(relative);
  return { name: relative, base: root, path: relative, isInWorkspace: true };
}

/** The URI that envelopes name the file by. */
export const uriOf = ({ name, isInWorkspace }: LocatedFile): string => (isInWorkspace ? workspaceUri(name) : name);

/** The file as an absolute native path. */
export const nativeOf = ({ base, path: relative }: LocatedFile): string => toNative(base, relative);
