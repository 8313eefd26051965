import type { GeneratorCallback, Tree } from '@nx/devkit';
import { processEnv } from '../../src/nx/env';
import { initWorkspace, type InitOptions } from '../../src/nx/init';
import { supportedNxVersion } from '../../src/nx/installed';
import { presentably } from '../../src/nx/presentable';

export function initGenerator(tree: Tree, options: InitOptions): Promise<GeneratorCallback> {
  return presentably(async () => {
    supportedNxVersion(tree.root);
    const { finish } = await initWorkspace(tree, options, processEnv());
    return () => presentably(async () => {
      for (const line of await finish()) console.log(line);
    });
  });
}
