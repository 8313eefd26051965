import type { GeneratorCallback, Tree } from '@nx/devkit';
import { initWorkspace, type InitOptions } from '../../src/nx/init';
import { supportedNxVersion } from '../../src/nx/installed';
import { presentably } from '../../src/nx/presentable';

export function initGenerator(tree: Tree, options: InitOptions): Promise<GeneratorCallback> {
  return presentably(() => {
    supportedNxVersion(tree.root);
    const { finish } = initWorkspace(tree, options);
    return () => presentably(async () => {
      for (const line of await finish()) console.log(line);
    });
  });
}
