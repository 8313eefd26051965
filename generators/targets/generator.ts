import type { Tree } from '@nx/devkit';
import { supportedNxVersion } from '../../src/nx/installed';
import { presentably } from '../../src/nx/presentable';
import { scaffoldTargets, type TargetsOptions } from '../../src/nx/scaffold';

export function targetsGenerator(tree: Tree, options: TargetsOptions): Promise<void> {
  return presentably(async () => {
    supportedNxVersion(tree.root);
    for (const line of await scaffoldTargets(tree, options)) console.log(line);
  });
}
