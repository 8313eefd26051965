import { createRequire } from 'node:module';
import path from 'node:path';
import type * as devkit from '@nx/devkit';
import { ProofError } from '../errors';

/** The part of @nx/devkit that nx itself has too. */
export type CoreDevkit = Pick<typeof devkit, 'createProjectGraphAsync' | 'getProjects' | 'readCachedProjectGraph' | 'workspaceRoot'>;

/**
 * @nx/devkit, or the part of it that it takes over from nx: many workspaces have installed nx alone.
 * @throws ProofError NX_UNSUPPORTED when neither is there
 */
export function loadDevkit(root: string): CoreDevkit {
  const found = requireFrom(root, '@nx/devkit', 'nx/src/devkit-exports');
  if (found === undefined) throw new ProofError('NX_UNSUPPORTED', `neither @nx/devkit nor nx was found in ${root}`);
  return found as CoreDevkit;
}

/** The first of these modules that the workspace has, else that this package has; undefined when there is none. */
export function requireFrom(root: string, ...names: readonly string[]): unknown {
  for (const require of [createRequire(path.join(root, 'package.json')), createRequire(__filename)]) {
    const file = names.map((name) => tryResolve(require, name)).find((resolved) => resolved !== undefined);
    if (file !== undefined) return require(file);
  }
  return undefined;
}

function tryResolve(require: NodeJS.Require, name: string): string | undefined {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
}
