import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readWorkspace } from '../../src/commands/workspace';
import type { Project } from '../../src/model/project';
import { writeFiles } from '../support/folder';

const json = (value: unknown): string => JSON.stringify(value);

/** A workspace with one of everything that decides what a project is, called, tagged and made of. */
const FILES: Readonly<Record<string, string>> = {
  'nx.json': `{
    // comments are fine
    "plugins": [],
    "targetDefaults": {
      "build": { "outputs": ["{projectRoot}/dist"] },
      "make-*": { "outputs": ["{workspaceRoot}/out/{projectName}"] },
      "x:y": { "outputs": ["{options.outputPath}", "{options.none}"] },
    }
  }`,
  'package.json': json({ name: 'root', private: true, workspaces: ['packages/**', '!packages/excluded'] }),
  '.gitignore': 'dist\ntmp/*\n!tmp/kept\n',
  '.nxignore': 'plain/nested\n',
  'packages/app/package.json': json({ name: '@s/app', keywords: ['k'], scripts: { build: 'tsc' }, nx: { tags: ['t'], name: 'app' }, dependencies: { '@s/lib': '*' } }),
  'packages/lib/package.json': json({ name: '@s/lib', private: true, version: '1.0.0' }),
  'packages/lib/project.json': json({ tags: ['scope:lib'], targets: { build: { executor: 'x:y', options: { outputPath: 'out/lib' } } } }),
  'packages/lib/dist/package.json': json({ name: '@s/dist' }),
  'packages/lib/nested/package.json': json({ name: '@s/nested', scripts: { build: 'a' }, nx: { targets: { build: { executor: 'x:z', outputs: ['{projectRoot}/lib'] } } } }),
  'packages/excluded/package.json': json({ name: '@s/excluded' }),
  'packages/nameless/package.json': json({ nx: { targets: { build: { command: 'b', outputs: ['{projectRoot}/b'] } } } }),
  'packages/nameless/project.json': json({ targets: { build: { command: 'c' } } }),
  'apps/web/.hidden/deep/project.json': json({ name: 'hidden', targets: { prove: { executor: 'nx-proof:create', options: { buildTarget: 'make-it' } }, 'make-it': { executor: 'x:z' } } }),
  'scripts/Tool/project.json': json({ targets: { prove: { executor: 'proof:create', options: { artifacts: ['lib'] } } } }),
  'tmp/ignored/project.json': json({ name: 'ignored' }),
  'tmp/kept/project.json': json({ name: 'kept' }),
  'plain/nested/project.json': json({ name: 'nested' }),
  'deep/.gitignore': '/b\n',
  'deep/b/project.json': json({ name: 'deep-b' }),
  'deep/a/b/project.json': json({ name: 'deep-a-b' }),
};

let root: string;
beforeAll(async () => {
  root = realpathSync(mkdtempSync(path.join(tmpdir(), 'nx-proof-nx-')));
  await writeFiles(root, FILES);
  symlinkSync(path.resolve('node_modules'), path.join(root, 'node_modules'), 'junction');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function nxGraph(file: string): void {
  const env = { ...process.env, NX_DAEMON: 'false', NX_NO_CLOUD: 'true', NX_CACHE_DIRECTORY: path.join(root, '.nx', 'c'), NX_WORKSPACE_DATA_DIRECTORY: path.join(root, '.nx', 'd') };
  execFileSync(process.execPath, [path.resolve('node_modules/nx/dist/bin/nx.js'), 'graph', `--file=${file}`], { cwd: root, env, stdio: 'pipe' });
}

describe('readWorkspace', () => {
  it('agrees with the graph that Nx itself makes of the same files, but for the dependencies', async () => {
    const graph = path.join(root, 'graph.json');
    nxGraph(graph);
    const byNx = (await readWorkspace(root, { graph })).projects;
    const byFiles = (await readWorkspace(root)).projects;
    const comparable = (projects: ReadonlyMap<string, Project>) =>
      Object.fromEntries([...projects.values()].map(({ name, root: folder, tags, artifacts }) => [name, { folder, tags: [...(tags ?? [])].sort(), artifacts }]));
    expect(comparable(byFiles)).toEqual(comparable(byNx));
    expect([...byNx.keys()].sort()).toEqual(['@s/lib', '@s/nested', 'app', 'deep-a-b', 'hidden', 'kept', 'nameless', 'tool']);
    expect(byNx.get('app')?.dependencies).toEqual(['@s/lib']);
    expect(byFiles.get('app')?.dependencies).toBeUndefined();
  });

  it('runs no plugin of the workspace', async () => {
    const marker = path.join(root, 'ran');
    await writeFiles(root, { 'plugin.js': `require('fs').writeFileSync(${json(marker)}, '')`, 'nx.json': json({ plugins: ['./plugin.js'] }) });
    expect((await readWorkspace(root)).projects.get('app')?.tags).toBeUndefined();
    expect(existsSync(marker)).toBe(false);
    try {
      nxGraph(path.join(root, 'graph.json'));
    } catch {
      // The plugin infers nothing, which Nx may refuse; that it ran is the point.
    }
    expect(existsSync(marker)).toBe(true);
  });
});
