import type { Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { describe, expect, it } from 'vitest';
import { hasBuild, isProved, readProjects, type NamedProject } from '../../src/nx/projects';
import { temporaryFolder, writeFiles } from '../support/folder';

/** A workspace with a devkit whose graph knows more than the tree. */
async function workspaceWithGraph(): Promise<Tree> {
  const root = temporaryFolder();
  const devkit = `
    exports.workspaceRoot = ${JSON.stringify(root)};
    exports.getProjects = () => new Map([['app', { root: 'apps/app' }], ['fresh', { root: 'apps/fresh' }]]);
    exports.createProjectGraphAsync = async () => ({ nodes: { app: { name: 'app', data: { root: 'apps/app', targets: { build: {} } } } } });
  `;
  await writeFiles(root, { 'node_modules/@nx/devkit/index.js': devkit });
  return { ...createTreeWithEmptyWorkspace(), root };
}

describe('readProjects', () => {
  it('when the workspace has a graph that counts, with what plugins infer', async () => {
    const projects = await readProjects(await workspaceWithGraph());
    expect(projects.get('app')).toEqual({ name: 'app', root: 'apps/app', targets: { build: {} } });
    expect(projects.get('fresh')).toEqual({ name: 'fresh', root: 'apps/fresh', targets: {} });
  });
});

describe('a project', () => {
  const project = (targets: NamedProject['targets']): NamedProject => ({ name: 'a', root: '.', targets });

  it('has a build when the target exists, with or without the configuration', () => {
    expect(hasBuild(project({ build: {} }), 'build:production')).toBe(true);
    expect(hasBuild(project({ 'build:esm': {} }), 'build:esm')).toBe(true);
    expect(hasBuild(project({}), 'toString')).toBe(false);
  });

  it('is proved by a target of the executor, whatever its name, or by a proof.json', () => {
    const tree = createTreeWithEmptyWorkspace();
    expect(isProved(tree, project({ attest: { executor: 'proof:create' } }))).toBe(true);
    expect(isProved(tree, project({ 'proof-create': { executor: 'other:create' } }))).toBe(false);
    tree.write('proof.json', '{}');
    expect(isProved(tree, project({}))).toBe(true);
  });
});
