import { createRequire } from 'node:module';
import path from 'node:path';
import type * as devkit from '@nx/devkit';
import { ProofError } from '../errors';

/** The part of @nx/devkit that nx itself has too. */
export type CoreDevkit = Pick<typeof devkit, 'createProjectGraphAsync' | 'getProjects' | 'workspaceRoot'>;

/**
 * @nx/devkit, or the part of it that it takes over from nx: many workspaces have installed nx alone.
 * @throws ProofError NX_UNSUPPORTED when neither is there
 */
export function loadDevkit(root: string): CoreDevkit {
  for (const name of ['@nx/devkit', 'nx/src/devkit-exports']) {
    const found = requireFrom(root, name);
    if (found !== undefined) return found as CoreDevkit;
  }
  throw new ProofError('NX_UNSUPPORTED', `neither @nx/devkit nor nx was found in ${root}`);
}

/** A module as the workspace sees it, else as this package does; undefined when there is none. */
export function requireFrom(root: string, name: string): unknown {
  for (const require of [createRequire(path.join(root, 'package.json')), createRequire(__filename)]) {
    const file = tryResolve(require, name);
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
