import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { ProofError } from '../errors';
import { requireFrom } from './devkit';

/** The name under which the package is published. */
export const PACKAGE_NAME = 'nx-proof';

/** The oldest Nx that has `includeIgnored` inputs and batches that hash what their own tasks make. */
const OLDEST_NX = [23, 3] as const;

/**
 * The name under which this copy of the package is installed in a workspace: one of `candidates` if it leads here (as `proof` does after
 * `npm i proof@npm:nx-proof`), else its own name.
 */
export function installedName(root: string, candidates: Iterable<string>, home: string = packageFolder()): string {
  for (const name of new Set(candidates)) {
    if (name !== PACKAGE_NAME && resolvesTo(root, name, home)) return name;
  }
  return PACKAGE_NAME;
}

/** The packages whose inference plugin nx.json lists: `proof` for "proof/plugin". */
export function pluginPackages(plugins: unknown): string[] {
  const entries: unknown[] = Array.isArray(plugins) ? plugins : [];
  const names = entries.map((entry) => (typeof entry === 'object' && entry !== null && 'plugin' in entry ? entry.plugin : entry));
  return names.flatMap((name) => (typeof name === 'string' && name.endsWith('/plugin') ? name.slice(0, -'/plugin'.length) : []));
}

function resolvesTo(root: string, name: string, home: string): boolean {
  const folder = path.join(root, 'node_modules', ...name.split('/'));
  return existsSync(folder) && realpathSync(folder) === realpathSync(home);
}

/** The folder of this package: the nearest one above this file with a package.json. */
function packageFolder(): string {
  for (let folder = __dirname; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'package.json')) || path.dirname(folder) === folder) return folder;
  }
}

/**
 * The version of the Nx that a workspace runs.
 * @throws ProofError NX_UNSUPPORTED when it is older than 23.3 or cannot be found
 */
export function supportedNxVersion(root: string): string {
  const version = nxVersion(root);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NX;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return version;
  throw new ProofError('NX_UNSUPPORTED', `nx-proof needs nx ${OLDEST_NX.join('.')} or later; this workspace has ${version}`, { details: { version } });
}

function nxVersion(root: string): string {
  const manifest = requireFrom(root, 'nx/package.json') as { readonly version: string } | undefined;
  if (manifest === undefined) throw new ProofError('NX_UNSUPPORTED', `nx was not found in ${root}`);
  return manifest.version;
}
