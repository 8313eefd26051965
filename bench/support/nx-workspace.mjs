// A generated Nx workspace with the packed plugin, and a floor to compare it with: batch executors that do nothing but leave outputs of the same kind.
import { mkdir, mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { isolatedEnv, npmEntry, REPOSITORY } from '../../examples/support/tools.mjs';
import { runToEnd } from './measure.mjs';

const NX = '24.0.6';
const FILES = 10;
const BYTES = 2048;
const json = (value) => `${JSON.stringify(value, null, 2)}\n`;

/** Each project depends on one of the projects before it, so that the graph is as deep as that of a real workspace. */
const dependencyOf = (index) => (index === 0 ? [] : [`p${Math.floor((index - 1) / 3)}`]);

/** Leaves in `folder` as many bytes as a proof has, which is what Nx stores and restores. */
const FLOOR = `const { mkdirSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const leave = (context, name, folder, bytes) => {
  const root = path.join(context.root, context.projectsConfigurations.projects[name].root, '.floor', folder);
  mkdirSync(root, { recursive: true });
  writeFileSync(path.join(root, 'left.json'), 'x'.repeat(bytes));
};
const batch = (folder, bytes) => async function* (graph, inputs, overrides, context) {
  for (const id of Object.keys(graph.tasks)) {
    leave(context, graph.tasks[id].target.project, folder, bytes);
    yield { task: id, result: { success: true, terminalOutput: id } };
  }
};
const single = (folder, bytes) => async (options, context) => (leave(context, context.projectName, folder, bytes), { success: true });
for (const [name, bytes] of [['create', 6000], ['sign', 14000], ['verify', 4000]]) {
  exports[name] = single(name, bytes);
  exports[name + 'Batch'] = batch(name, bytes);
}
`;

function floorPackage() {
  const executors = Object.fromEntries(
    ['create', 'sign', 'verify'].map((name) => [name, { implementation: `./floor.js#${name}`, batchImplementation: `./floor.js#${name}Batch`, preferBatch: true, schema: './schema.json' }]),
  );
  return {
    'node_modules/floor/package.json': json({ name: 'floor', version: '1.0.0', executors: './executors.json' }),
    'node_modules/floor/executors.json': json({ executors }),
    'node_modules/floor/schema.json': json({ type: 'object', properties: {} }),
    'node_modules/floor/floor.js': FLOOR,
  };
}

function project(name, index) {
  // The inputs of the floor are those of the proof targets, so that Nx hashes the same files.
  const inputs = ['{projectRoot}/**/*', '^{projectRoot}/**/*', { dependentTasksOutputFiles: '**/*', transitive: true }, { fileset: '{projectRoot}/dist/**/*', includeIgnored: true }];
  const floor = (verb, dependsOn, cache) => ({
    executor: `floor:${verb}`,
    dependsOn,
    cache,
    ...(cache ? { inputs } : {}),
    outputs: [`{projectRoot}/.floor/${verb}`],
  });
  return json({
    name,
    implicitDependencies: dependencyOf(index),
    targets: {
      build: { executor: 'nx:noop', outputs: ['{projectRoot}/dist'] },
      'floor-create': floor('create', ['build', '^floor-create'], true),
      'floor-sign': floor('sign', ['floor-create'], true),
      'floor-verify': floor('verify', ['floor-sign'], false),
    },
  });
}

async function writeAll(root, files) {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, ...name.split('/'));
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}

/** A workspace of `count` projects with `FILES` built files each, installed, committed, and with a key that its policy trusts. */
export class BenchWorkspace {
  static async create(count) {
    const base = await realpath(await mkdtemp(path.join(os.tmpdir(), 'nx-proof-bench-')));
    const workspace = new BenchWorkspace(base, path.join(base, 'workspace'), count);
    await mkdir(path.join(base, 'home'));
    await workspace.#write();
    await workspace.#install();
    await workspace.nx('g', 'nx-proof:init', '--no-interactive');
    for (let index = 0; index < count; index += 1) await writeFile(path.join(workspace.root, 'libs', `p${index}`, 'proof.json'), '{}\n');
    await workspace.#git('init', '--quiet', '--initial-branch=main');
    await workspace.#git('add', '--all');
    await workspace.#git('-c', 'user.name=B', '-c', 'user.email=b@example.com', 'commit', '--quiet', '--message', 'first');
    return workspace;
  }

  constructor(base, root, count) {
    this.base = base;
    this.root = root;
    this.count = count;
  }

  get env() {
    return { ...isolatedEnv(path.join(this.base, 'home')), NX_CACHE_DIRECTORY: path.join(this.root, '.nx', 'cache'), NX_WORKSPACE_DATA_DIRECTORY: path.join(this.root, '.nx', 'workspace-data') };
  }

  nx(...args) {
    return runToEnd(process.execPath, [path.join(this.root, 'node_modules', 'nx', 'dist', 'bin', 'nx.js'), ...args], { cwd: this.root, env: this.env });
  }

  nxProof(...args) {
    return runToEnd(process.execPath, [path.join(this.root, 'node_modules', 'nx-proof', 'dist', 'src', 'cli', 'nx-proof.js'), ...args], { cwd: this.root, env: this.env });
  }

  /** Removes what proof and floor targets left, and nothing that Nx has cached. */
  async removeOutputs() {
    for (let index = 0; index < this.count; index += 1) {
      for (const name of ['.proof', '.floor']) await rm(path.join(this.root, 'libs', `p${index}`, name), { recursive: true, force: true });
    }
  }

  remove() {
    return rm(this.base, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  async #write() {
    const files = {
      'nx.json': json({ namedInputs: { default: ['{projectRoot}/**/*'] }, analytics: false }),
      '.gitignore': 'node_modules/\ndist/\n.nx/\n.floor/\n',
    };
    for (let index = 0; index < this.count; index += 1) {
      const root = `libs/p${index}`;
      files[`${root}/project.json`] = project(`p${index}`, index);
      files[`${root}/src/main.js`] = `export const index = ${index};\n`;
      for (let file = 0; file < FILES; file += 1) files[`${root}/dist/chunk-${file}.js`] = `// ${index} ${file}\n${'x'.repeat(BYTES)}\n`;
    }
    await writeAll(this.root, files);
  }

  async #install() {
    const npm = (cwd, ...args) => runToEnd(process.execPath, [npmEntry(), ...args], { cwd, env: this.env });
    await npm(REPOSITORY, 'pack', '--ignore-scripts', '--pack-destination', this.base);
    const [tarball] = (await readdir(this.base)).filter((name) => name.endsWith('.tgz'));
    const { version } = JSON.parse(await readFile(path.join(REPOSITORY, 'package.json'), 'utf8'));
    await writeAll(this.root, { 'package.json': json({ name: 'bench', version, private: true, devDependencies: { nx: NX, '@nx/devkit': '24.0.0', 'nx-proof': `file:${path.join(this.base, tarball)}` } }) });
    await npm(this.root, 'install', '--no-audit', '--no-fund');
    await writeAll(this.root, floorPackage());
  }

  #git(...args) {
    return runToEnd('git', args, { cwd: this.root, env: this.env });
  }
}
