import type { Tree } from '@nx/devkit';
import { editTreeJson, readTreeJson } from './edit-json';
import { installedName, PACKAGE_NAME, pluginPackages } from './installed';
import { parsePluginOptions } from './plugin-options';
import type { TargetNames } from './targets';

/** The name under which the workspace has this package: from nx.json, else from the dependencies of its package.json. */
export function packageNameOf(tree: Tree): string {
  const manifest = tree.exists('package.json') ? readTreeJson(tree, 'package.json') : {};
  const dependencies = ['devDependencies', 'dependencies', 'optionalDependencies'].flatMap((field) => Object.keys(manifest[field] ?? {}));
  return installedName(tree.root, [...pluginPackages(readTreeJson(tree, 'nx.json')['plugins']), ...dependencies]);
}

/** Adds the inference plugin to nx.json, unless it is there. */
export function registerPlugin(tree: Tree, packageName: string): void {
  const plugins = readTreeJson(tree, 'nx.json')['plugins'];
  if (findPlugin(plugins, packageName) !== undefined) return;
  const value = `${packageName}/plugin`;
  editTreeJson(tree, 'nx.json', [Array.isArray(plugins) && plugins.length > 0 ? { path: ['plugins', plugins.length], value } : { path: ['plugins'], value: [value] }]);
}

/**
 * What the targets are called in this workspace.
 * @throws ProofError OPTION_INVALID for the plugin's options in nx.json
 */
export function targetNames(tree: Tree, packageName: string): TargetNames {
  return parsePluginOptions(findPlugin(readTreeJson(tree, 'nx.json')['plugins'], packageName)?.options);
}

function findPlugin(plugins: unknown, packageName: string): { readonly options?: unknown } | undefined {
  const entries: unknown[] = Array.isArray(plugins) ? plugins : [];
  const known = [`${packageName}/plugin`, `${PACKAGE_NAME}/plugin`];
  return entries
    .map((entry) => (typeof entry === 'object' && entry !== null ? (entry as { plugin?: unknown; options?: unknown }) : { plugin: entry }))
    .find(({ plugin }) => typeof plugin === 'string' && known.includes(plugin));
}
