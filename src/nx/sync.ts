import type { Tree } from '@nx/devkit';
import { count } from '../model/report';
import { readProjects } from './projects';
import { packageNameOf, registerPlugin, targetNames } from './registration';
import { unproved, writeProofFile } from './scaffold';

/** What Nx shows of a sync generator that would change something. */
export interface SyncResult {
  readonly outOfSyncMessage?: string;
  readonly outOfSyncDetails?: string[];
}

/** Gives a proof.json to every project that has a build and no proof targets. */
export async function syncTargets(tree: Tree): Promise<SyncResult> {
  const packageName = packageNameOf(tree);
  const missing = unproved(tree, await readProjects(tree), targetNames(tree, packageName).buildTarget);
  if (missing.length === 0) return {};
  for (const project of missing) writeProofFile(tree, project, packageName, {});
  registerPlugin(tree, packageName);
  return {
    outOfSyncMessage: `${count(missing.length, 'project')} with a build ${missing.length === 1 ? 'has' : 'have'} no proof targets.`,
    outOfSyncDetails: missing.map(({ name, root }) => `${name}: ${root}/proof.json is missing`),
  };
}
