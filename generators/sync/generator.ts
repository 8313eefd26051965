import type { Tree } from '@nx/devkit';
import { supportedNxVersion } from '../../src/nx/installed';
import { presentably } from '../../src/nx/presentable';
import { syncTargets, type SyncResult } from '../../src/nx/sync';

export function syncGenerator(tree: Tree): Promise<SyncResult> {
  return presentably(() => {
    supportedNxVersion(tree.root);
    return syncTargets(tree);
  });
}
