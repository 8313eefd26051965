import { addProjectConfiguration, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { syncGenerator } from '../../generators/sync/generator';
import { targetsGenerator } from '../../generators/targets/generator';

let tree: Tree;
let printed: string[];

const BUILD = { command: 'make', outputs: ['{projectRoot}/dist'] };
const json = (file: string): Record<string, unknown> => JSON.parse(tree.read(file, 'utf-8') ?? '') as Record<string, unknown>;
const SCHEMA = { $schema: '../../node_modules/nx-proof/schemas/proof.schema.json' };

beforeEach(() => {
  tree = createTreeWithEmptyWorkspace();
  tree.write('package.json', JSON.stringify({ name: 'r', workspaces: ['libs/*'] }));
  addProjectConfiguration(tree, 'app', { root: 'apps/app', targets: { build: BUILD } });
  addProjectConfiguration(tree, 'docs', { root: 'apps/docs', targets: { lint: {} } });
  tree.write('libs/lib/package.json', '{\n\t"name": "lib",\n\t"private": true,\n\t"nx": {\n\t\t"targets": {\n\t\t\t"build": {}\n\t\t}\n\t}\n}\n');
  printed = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe('targets', () => {
  it('when a project is named it gets a proof.json, and the plugin is registered', async () => {
    await targetsGenerator(tree, { project: 'app' });
    expect(json('apps/app/proof.json')).toEqual(SCHEMA);
    expect(json('nx.json')['plugins']).toEqual(['nx-proof/plugin']);
    expect(tree.exists('libs/lib/proof.json')).toBe(false);
    expect(printed).toEqual([]);
  });

  it('when the project is the workspace itself the schema is found from there', async () => {
    addProjectConfiguration(tree, 'all', { root: '.', targets: { build: BUILD } });
    await targetsGenerator(tree, { project: 'all' });
    expect(json('proof.json')).toEqual({ $schema: './node_modules/nx-proof/schemas/proof.schema.json' });
  });

  it('when options are given proof.json has them', async () => {
    await targetsGenerator(tree, { project: 'app', artifacts: ['out'], buildTarget: 'lint' });
    expect(json('apps/app/proof.json')).toEqual({ ...SCHEMA, create: { artifacts: ['out'], buildTarget: 'lint' } });
  });

  it('when there is a proof.json it is kept, and options given are set in it', async () => {
    tree.write('apps/app/proof.json', '{ "verify": { "strict": true } }');
    await targetsGenerator(tree, { project: 'app' });
    expect(tree.read('apps/app/proof.json', 'utf-8')).toBe('{ "verify": { "strict": true } }');
    await targetsGenerator(tree, { project: 'app', artifacts: ['out'] });
    expect(json('apps/app/proof.json')).toEqual({ verify: { strict: true }, create: { artifacts: ['out'] } });
  });

  it('when there is a broken proof.json it says so', async () => {
    tree.write('apps/app/proof.json', '[]');
    await expect(targetsGenerator(tree, { project: 'app' })).rejects.toThrow('apps/app/proof.json must be a JSON object (WORKSPACE_INVALID, exit 2)');
  });

  it('when the build declares no outputs it tells what to add', async () => {
    await targetsGenerator(tree, { project: 'lib' });
    expect(printed).toEqual(['[brAInwav] lib: its target "build" declares no outputs yet: add "outputs" to it, or "artifacts" to libs/lib/proof.json']);
  });

  it('when there is no such project it names those that exist', async () => {
    await expect(targetsGenerator(tree, { project: 'shop' })).rejects.toThrow('[brAInwav] the workspace has no project "shop"; it has app, docs, lib (PROJECT_UNKNOWN, exit 2)');
  });

  it('when there are many it names some, and when there are none it says so', async () => {
    for (let index = 10; index < 25; index += 1) addProjectConfiguration(tree, `p${index}`, { root: `p/${index}` });
    await expect(targetsGenerator(tree, { project: 'shop' })).rejects.toThrow(/it has app, docs, lib, p10, p11, p12, p13, p14, p15, p16, … \(/);
    tree = createTreeWithEmptyWorkspace();
    await expect(targetsGenerator(tree, { project: 'shop' })).rejects.toThrow('it has none (');
  });

  it('when neither or both of project and --all are given it asks for one', async () => {
    await expect(targetsGenerator(tree, {})).rejects.toThrow(/give the name of a project, or --all .*\(OPTION_INVALID, exit 2\)/);
    await expect(targetsGenerator(tree, { project: 'app', all: true })).rejects.toThrow(/give either the project "app" or --all, not both \(OPTION_INVALID, exit 2\)/);
  });
});

describe('targets --all', () => {
  it('when projects have a build they get a proof.json, others do not', async () => {
    await targetsGenerator(tree, { all: true });
    expect(['apps/app', 'libs/lib', 'apps/docs'].map((root) => tree.exists(`${root}/proof.json`))).toEqual([true, true, false]);
  });

  it('when all have theirs nothing changes', async () => {
    await targetsGenerator(tree, { all: true });
    const before = tree.listChanges().map(({ path }) => path);
    await targetsGenerator(tree, { all: true });
    expect(tree.listChanges().map(({ path }) => path)).toEqual(before);
  });

  it('when none has a build nothing is written', async () => {
    tree = createTreeWithEmptyWorkspace();
    await targetsGenerator(tree, { all: true });
    expect(json('nx.json')['plugins']).toBeUndefined();
  });

  it('when the build has another name it is that of the option or of the plugin', async () => {
    await targetsGenerator(tree, { all: true, buildTarget: 'lint' });
    expect(json('apps/docs/proof.json')).toMatchObject({ create: { buildTarget: 'lint' } });
    tree.write('nx.json', JSON.stringify({ plugins: [{ plugin: 'nx-proof/plugin', options: { buildTarget: 'bundle' } }] }));
    addProjectConfiguration(tree, 'kit', { root: 'kit', targets: { bundle: {} } });
    await targetsGenerator(tree, { all: true });
    expect(tree.exists('kit/proof.json')).toBe(true);
    expect(tree.exists('apps/app/proof.json')).toBe(false);
  });
});

describe('targets --explicit', () => {
  it('when the project has a project.json the targets are written there, formatted as it is', async () => {
    tree.write('apps/app/project.json', '{\n    // ours\n    "name": "app",\n    "targets": { "build": { "command": "make", "outputs": ["{projectRoot}/out"] } }\n}\n');
    await targetsGenerator(tree, { project: 'app', explicit: true });
    const text = tree.read('apps/app/project.json', 'utf-8') ?? '';
    expect(text).toMatch(/^\{\n {4}\/\/ ours\n {4}"name": "app",\n/);
    expect(text).toContain('"executor": "nx-proof:create"');
    expect(text).toContain('"fileset": "{projectRoot}/out/**/*"');
    expect(tree.exists('apps/app/proof.json')).toBe(false);
    expect(json('nx.json')['plugins']).toBeUndefined();
  });

  it('when it has only a package.json they are written to its "nx"', async () => {
    await targetsGenerator(tree, { project: 'lib', explicit: true, artifacts: ['lib.tgz'] });
    const { name, nx } = json('libs/lib/package.json') as { name: string; nx: { targets: Record<string, { executor: string; options?: object }> } };
    expect(name).toBe('lib');
    expect(Object.keys(nx.targets)).toEqual(['build', 'proof-create', 'proof-sign', 'proof-verify']);
    expect(nx.targets['proof-create']).toMatchObject({ options: { artifacts: ['lib.tgz'] } });
    expect(tree.read('libs/lib/package.json', 'utf-8')).toMatch(/^\{\n\t"name": "lib",\n\t"private": true,\n\t"nx": \{\n\t\t"targets": \{\n\t\t\t"build": \{\},\n\t\t\t"proof-create": \{\n/);
  });

  it('when they are there they are kept', async () => {
    await targetsGenerator(tree, { project: 'app', explicit: true });
    const text = tree.read('apps/app/project.json', 'utf-8');
    await targetsGenerator(tree, { project: 'app', explicit: true });
    expect(tree.read('apps/app/project.json', 'utf-8')).toBe(text);
  });

  it('when a target of that name is of another kind it is refused', async () => {
    addProjectConfiguration(tree, 'odd', { root: 'odd', targets: { build: BUILD, 'proof-sign': { command: 'gpg' } } });
    await expect(targetsGenerator(tree, { project: 'odd', explicit: true })).rejects.toThrow(/odd\/project\.json has a target "proof-sign" already, of another kind; .*\(OPTION_INVALID, exit 2\)/);
  });

  it('when the plugin has other names they are used', async () => {
    tree.write('nx.json', JSON.stringify({ plugins: [{ plugin: 'nx-proof/plugin', options: { createTargetName: 'attest' } }] }));
    await targetsGenerator(tree, { project: 'app', explicit: true });
    expect(Object.keys((json('apps/app/project.json') as { targets: object }).targets)).toEqual(['build', 'attest', 'proof-sign', 'proof-verify']);
  });
});

describe('sync', () => {
  it('when projects with a build have no proof targets it gives them a proof.json and names them', async () => {
    expect(await syncGenerator(tree)).toEqual({
      outOfSyncMessage: '2 projects with a build have no proof targets.',
      outOfSyncDetails: ['app: apps/app/proof.json is missing', 'lib: libs/lib/proof.json is missing'],
    });
    expect(json('apps/app/proof.json')).toEqual(SCHEMA);
    expect(json('nx.json')['plugins']).toEqual(['nx-proof/plugin']);
  });

  it('when one is missing it says so', async () => {
    await targetsGenerator(tree, { project: 'app', explicit: true });
    expect(await syncGenerator(tree)).toMatchObject({ outOfSyncMessage: '1 project with a build has no proof targets.' });
  });

  it('when none is missing it has nothing to say', async () => {
    await syncGenerator(tree);
    const before = tree.listChanges().length;
    expect(await syncGenerator(tree)).toEqual({});
    expect(tree.listChanges()).toHaveLength(before);
  });
});
