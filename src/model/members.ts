import { readFile } from 'node:fs/promises';
import path from 'node:path';
import picomatch from 'picomatch';
import { ProofError, isSystemError } from '../errors';
import { parseJson } from './json';

/** Which package.json files the package manager counts as members of the workspace; globs relative to its root. */
export interface MemberPatterns {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/**
 * Reads the workspace's own list of members as Nx does: `workspaces` of package.json, `packages` of pnpm-workspace.yaml and of lerna.json.
 * The root itself is a member when its package.json has a field "nx". Without a package.json nobody is.
 * @param root absolute native path
 * @throws ProofError WORKSPACE_INVALID when one of these files cannot be parsed
 */
export async function readMemberPatterns(root: string): Promise<MemberPatterns> {
  const manifest = await readConfig(root, 'package.json', (bytes) => parseJson(bytes, 'package.json', 'WORKSPACE_INVALID'));
  if (manifest === undefined) return { include: [], exclude: [] };
  const workspaces = manifest['workspaces'];
  const pnpm = await readConfig(root, 'pnpm-workspace.yaml', parsePnpmWorkspace);
  const lerna = await readConfig(root, 'lerna.json', (bytes) => parseJson(bytes, 'lerna.json', 'WORKSPACE_INVALID'));
  const globs = [
    ...strings(isRecord(workspaces) ? workspaces['packages'] : workspaces),
    ...strings(pnpm?.['packages']),
    ...(lerna === undefined ? [] : lernaPackages(lerna)),
  ].map(packageJsonGlob);
  const include = globs.filter((glob) => !glob.startsWith('!'));
  const exclude = globs.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1));
  // A list of exclusions alone leaves everything else in.
  if (include.length === 0 && exclude.length > 0) include.push('**/package.json');
  if (manifest['nx'] !== undefined) include.push('package.json');
  return { include, exclude };
}

/** A predicate over folders (workspace-relative, forward slashes, '.' the root): is the package.json in it one of a member? */
export function memberMatcher(patterns: MemberPatterns): (folder: string) => boolean {
  const includes = patterns.include.map(compile);
  const excludes = patterns.exclude.map(compile);
  return (folder) => {
    const file = folder === '.' ? 'package.json' : `${folder}/package.json`;
    return includes.some((matches) => matches(file)) && !excludes.some((matches) => matches(file));
  };
}

/** memberMatcher for a single folder. */
export function isMember(patterns: MemberPatterns, folder: string): boolean {
  return memberMatcher(patterns)(folder);
}

async function readConfig(root: string, name: string, parse: (bytes: Buffer) => unknown): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const value = await parse(await readFile(path.join(root, name)));
    return isRecord(value) ? value : {};
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function parsePnpmWorkspace(bytes: Buffer): Promise<unknown> {
  // Loading it takes longer than all else in here, and other package managers need none.
  const { parse } = await import('yaml');
  try {
    return parse(bytes.toString('utf8')) as unknown;
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new ProofError('WORKSPACE_INVALID', `pnpm-workspace.yaml is not YAML: ${reason}`, { cause: error, details: { what: 'pnpm-workspace.yaml' } });
  }
}

/** lerna.json without "packages" means packages/*. */
function lernaPackages(lerna: Readonly<Record<string, unknown>>): string[] {
  const packages = strings(lerna['packages']);
  return packages.length > 0 ? packages : ['packages/*'];
}

function packageJsonGlob(glob: string): string {
  const file = glob.endsWith('/package.json') ? glob : path.posix.join(glob, 'package.json');
  return file.replace(/^\.\//, '');
}

/** Parentheses that belong to no extglob are meant literally, as in `apps/(web)/*`. */
function compile(glob: string): (file: string) => boolean {
  const escaped = glob.replace(/(^|[^@!+*?\\])\(([^()]*)\)/g, '$1\\($2\\)');
  return picomatch(escaped, { nonegate: true, windows: false });
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
const strings = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []);
