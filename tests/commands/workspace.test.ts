import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { findWorkspaceRoot, readWorkspace } from '../../src/commands/workspace';
import { temporaryFolder, writeFiles } from '../support/folder';

type Files = Readonly<Record<string, unknown>>;
const NX = { 'nx.json': {}, 'package.json': { name: 'root', workspaces: ['packages/*'] } };

async function workspaceOf(files: Files): Promise<string> {
  const root = temporaryFolder();
  await writeFiles(root, Object.fromEntries(Object.entries(files).map(([name, content]) => [name, typeof content === 'string' ? content : JSON.stringify(content)])));
  return root;
}
const read = async (files: Files) => (await readWorkspace(await workspaceOf({ ...NX, ...files }))).projects;
const roots = async (files: Files) => [...(await read(files)).values()].map(({ root }) => root);
const one = async (files: Files, nxJson: object = {}) => [...(await read({ 'nx.json': nxJson, ...files })).values()][0];

describe('readWorkspace', () => {
  it('finds members with a package.json and every folder with a project.json', async () => {
    const files = { 'packages/a/package.json': { name: 'a' }, 'other/b/package.json': { name: 'b' }, 'other/c/project.json': { name: 'c' }, 'apps/.d/e/project.json': {}, 'packages/f/proof.json': {} };
    expect(await roots(files)).toEqual(['packages/a', 'other/c', 'apps/.d/e']);
  });

  it('looks into no node_modules, .git, .nx or .proof, and through no link', async () => {
    const inside = Object.fromEntries(['node_modules/x', '.git/x', '.nx/x', 'packages/a/node_modules/x', 'packages/a/.proof/x'].map((folder) => [`${folder}/project.json`, {}]));
    const root = await workspaceOf({ ...NX, ...inside, 'packages/a/package.json': { name: 'a' } });
    symlinkSync(path.join(root, 'packages'), path.join(root, 'linked'), 'junction');
    expect([...(await readWorkspace(root)).projects.keys()]).toEqual(['a']);
  });

  it('leaves out what a .gitignore or .nxignore excludes, nested ones included', async () => {
    const project = (...folders: string[]) => Object.fromEntries(folders.map((folder) => [`${folder}/project.json`, {}]));
    const files = {
      '.gitignore': 'dist\ntmp/*\n!tmp/kept\nback\n/one\n',
      '.nxignore': 'skipped\n!back\n',
      'deep/.gitignore': '/b\n!c\n',
      // Nothing below an excluded folder comes back.
      'app/dist/.gitignore': '!project.json\n',
      ...project('app/dist', 'app/x', 'tmp/gone', 'tmp/kept', 'y/skipped', 'back', 'one', 'two/one2', 'deep/b', 'deep/a/b2', 'deep/c'),
    };
    expect((await roots(files)).sort()).toEqual(['app/x', 'back', 'deep/a/b2', 'deep/c', 'tmp/kept', 'two/one2']);
  });

  it('names a project by project.json, else "nx" of package.json, else its name, else the folder in lower case', async () => {
    const files = {
      'packages/a/package.json': { name: '@s/a', nx: { name: 'nx-a' } },
      'packages/a/project.json': { name: 'pa' },
      'packages/b/package.json': { name: '@s/b', nx: { name: 'nx-b' } },
      'packages/c/package.json': { name: '@s/c' },
      'packages/Dd/package.json': {},
      'x/package.json': { name: '@s/x' },
      'x/project.json': {},
    };
    expect([...(await read(files)).keys()].sort()).toEqual(['@s/c', '@s/x', 'dd', 'nx-b', 'pa']);
  });

  it('gathers the tags of both files and those that Nx derives from package.json', async () => {
    const files = { 'packages/a/package.json': { name: 'a', private: true, keywords: ['k'], nx: { tags: ['x', 'y'] } }, 'packages/a/project.json': { tags: ['y', 'z', 7] } };
    expect((await one(files))?.tags).toEqual(['npm:private', 'npm:k', 'x', 'y', 'z']);
    expect((await one({ 'packages/a/package.json': {} }))?.tags).toEqual(['npm:public']);
    expect((await one({ 'a/project.json': { tags: ['z'] } }))?.tags).toEqual(['z']);
  });

  it.each([
    ['another plugin', { plugins: ['nx-proof/plugin', '@nx/js/typescript'] }],
    ['another plugin with options', { plugins: [{ plugin: './tools/plugin.js', options: {} }] }],
    ['an entry that is no plugin', { plugins: [7] }],
    ['settings from another file', { extends: 'nx/presets/npm.json' }],
  ])('does not know the tags when nx.json has %s', async (_, nxJson) => {
    expect((await one({ 'a/project.json': { tags: ['z'] } }, nxJson))?.tags).toBeUndefined();
  });

  it.each(['nx-proof/plugin', 'proof/plugin', { plugin: 'nx-proof/plugin' }])('knows that its own plugin %j adds no tags', async (plugin) => {
    expect((await one({ 'a/project.json': { tags: ['z'] } }, { plugins: [plugin] }))?.tags).toEqual(['z']);
  });

  it('never knows dependencies', async () => {
    expect((await one({ 'a/project.json': {} }))?.dependencies).toBeUndefined();
  });

  describe('artifacts', () => {
    const targets = { build: { executor: 'x:y', outputs: ['{projectRoot}/dist'] }, pack: { executor: 'x:y', outputs: ['{workspaceRoot}/out/{projectName}'] } };
    const artifacts = async (files: Files, nxJson: object = {}) => (await one({ 'p/project.json': { name: 'p', targets }, ...files }, nxJson))?.artifacts;

    it('are the outputs of the build target', async () => {
      expect(await artifacts({})).toEqual(['{projectRoot}/dist']);
      expect(await artifacts({ 'p/project.json': { targets: {} } })).toBeUndefined();
    });

    it('are those of the target that proof.json, an explicit target or the plugin names', async () => {
      const out = ['{workspaceRoot}/out/p'];
      expect(await artifacts({ 'p/proof.json': { create: { buildTarget: 'pack' } } })).toEqual(out);
      expect(await artifacts({ 'p/project.json': { name: 'p', targets: { ...targets, prove: { executor: 'proof:create', options: { buildTarget: 'pack' } } } } })).toEqual(out);
      expect(await artifacts({}, { plugins: [{ plugin: 'nx-proof/plugin', options: { buildTarget: 'pack' } }] })).toEqual(out);
    });

    it('are what proof.json names, under the defaults of nx.json, under an explicit target, as Nx merges them', async () => {
      const proof = { 'p/proof.json': { create: { artifacts: ['a'] } } };
      const explicit = { 'p/project.json': { targets: { ...targets, 'proof-create': { executor: 'nx-proof:create', options: { artifacts: ['c'] } } } } };
      const defaults = { targetDefaults: { 'nx-proof:create': { options: { artifacts: ['b'] } } } };
      expect(await artifacts(proof)).toEqual(['a']);
      expect(await artifacts(proof, defaults)).toEqual(['b']);
      expect(await artifacts({ ...proof, ...explicit }, defaults)).toEqual(['c']);
      expect(await artifacts({ 'p/proof.json': {} }, { targetDefaults: { 'proof-create': [{ filter: {}, options: {} }] } })).toBeUndefined();
    });

    it('are those of scripts by the defaults of nx.json', async () => {
      const files = { 'packages/p/package.json': { name: 'p', scripts: { build: 'tsc' }, nx: { targets: { test: {} } } } };
      expect((await one(files, { targetDefaults: { build: { outputs: ['{projectRoot}/lib'] } } }))?.artifacts).toEqual(['{projectRoot}/lib']);
    });
  });

  it('reads JSON with comments and a byte order mark, as Nx does', async () => {
    const files = { 'nx.json': '\uFEFF{ "plugins": [] }', 'a/project.json': '{ // the name\n "name": "x", }' };
    expect([...(await read(files)).keys()]).toEqual(['x']);
  });

  it.each([
    ['nx.json', '{', 'nx.json is not JSON'],
    ['nx.json', '[]', 'nx.json must be an object'],
    ['a/project.json', '{"name": }', 'a/project.json is not JSON'],
    ['a/project.json', '{"root": "b"}', 'a/project.json: "root" must be the folder that it lies in, a'],
    ['packages/a/package.json', '"a"', 'packages/a/package.json must be an object'],
  ])('refuses a broken %s: %s', async (file, content, message) => {
    await expect(read({ [file]: content })).rejects.toMatchObject({ code: 'WORKSPACE_INVALID', message: expect.stringContaining(message) });
  });

  it('refuses two projects of one name: the policy could mean either', async () => {
    const files = { 'a/project.json': { name: 'x' }, 'b/project.json': { name: 'x' } };
    await expect(read(files)).rejects.toMatchObject({ code: 'WORKSPACE_INVALID', details: { project: 'x', roots: ['a', 'b'] } });
  });

  it('refuses a broken proof.json, naming the field', async () => {
    await expect(read({ 'a/project.json': {}, 'a/proof.json': { create: { artefacts: [] } } })).rejects.toMatchObject({ code: 'PROOF_FILE_INVALID', message: expect.stringContaining('artefacts') });
    await expect(read({ 'a/project.json': {}, 'a/proof.json': '{' })).rejects.toMatchObject({ code: 'PROOF_FILE_INVALID' });
  });

  it('refuses a folder without nx.json', async () => {
    await expect(readWorkspace(temporaryFolder())).rejects.toMatchObject({ code: 'WORKSPACE_NOT_FOUND' });
  });

  it('takes everything from a graph when one is given', async () => {
    const graph = { graph: { nodes: { g: { data: { root: 'packages/g', tags: ['t'] } } }, dependencies: { g: [] } } };
    const root = await workspaceOf({ ...NX, 'packages/a/package.json': { name: 'a' }, 'graph.json': graph });
    const { projects } = await readWorkspace(root, { graph: path.join(root, 'graph.json') });
    expect([...projects.values()]).toEqual([{ name: 'g', root: 'packages/g', tags: ['t'], artifacts: undefined, dependencies: [] }]);
    await expect(readWorkspace(root, { graph: path.join(root, 'none.json') })).rejects.toMatchObject({ code: 'GRAPH_REQUIRED' });
  });
});

describe('findWorkspaceRoot', () => {
  it('is the nearest folder upwards that has an nx.json', async () => {
    const root = await workspaceOf({ 'nx.json': {}, 'a/b/c.txt': '' });
    expect(await findWorkspaceRoot(path.join(root, 'a', 'b'))).toBe(root);
    expect(await findWorkspaceRoot(root)).toBe(root);
  });

  it('says where it looked when there is none', async () => {
    const folder = temporaryFolder();
    await expect(findWorkspaceRoot(folder)).rejects.toMatchObject({ code: 'WORKSPACE_NOT_FOUND', message: expect.stringContaining(folder) });
  });
});
