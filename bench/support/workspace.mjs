// A workspace with proofs by a local key, as a user's would be: a git repository, a policy, a key in the user's folder.
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { isolatedEnv } from '../../examples/support/tools.mjs';
import { runToEnd } from './measure.mjs';
import { CLI, requirePlugin } from './plugin.mjs';

const VERSIONS = { nx: '24.0.6', nxProof: '0.1.0' };

export class BenchWorkspace {
  /** Makes and signs the proofs of `projects` projects named p0, p1, … with a few small files each. */
  static async create(projects) {
    const { openSession, createProof, readWorkspace } = requirePlugin();
    const workspace = new BenchWorkspace(await realpath(await mkdtemp(path.join(os.tmpdir(), 'nx-proof-bench-'))));
    await workspace.#writeFiles(Array.from({ length: projects }, (_, index) => `p${index}`));
    await workspace.cli('key', 'generate');
    await workspace.cli('key', 'trust', path.join(workspace.home, process.platform === 'win32' ? 'AppData/Roaming' : '.config', 'nx-proof', 'signing.pub.pem'));
    await workspace.#commit();
    const env = { now: () => new Date(), env: workspace.env, cwd: workspace.root, signal: new AbortController().signal };
    const session = openSession(env, await readWorkspace(workspace.root));
    for (const project of session.workspace.projects.values()) {
      // What only Nx can tell: these projects depend on none.
      await createProof(session, { project: { ...project, dependencies: [] }, target: 'build', options: {}, versions: VERSIONS });
    }
    await session.close();
    await workspace.cli('sign', '--all');
    return workspace;
  }

  constructor(base) {
    this.base = base;
    this.root = path.join(base, 'workspace');
    this.home = path.join(base, 'home');
    this.env = isolatedEnv(this.home);
  }

  /** Runs the command line in the workspace; throws unless it succeeds. */
  cli(...args) {
    return runToEnd(process.execPath, [CLI, ...args], { cwd: this.root, env: this.env });
  }

  remove() {
    return rm(this.base, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  async #writeFiles(names) {
    await this.#write('nx.json', '{}\n');
    await this.#write('package.json', JSON.stringify({ name: 'bench', private: true, workspaces: ['apps/*'] }));
    await this.#write('.gitignore', 'dist\n.proof\nnode_modules\n.nx\n');
    for (const name of names) {
      await this.#write(`apps/${name}/project.json`, JSON.stringify({ name, targets: { build: { executor: 'nx:noop', outputs: ['{projectRoot}/dist'] } } }));
      await this.#write(`apps/${name}/package.json`, JSON.stringify({ name, version: '1.0.0' }));
      await this.#write(`apps/${name}/proof.json`, '{}\n');
      for (const file of ['main', 'one', 'two']) {
        await this.#write(`apps/${name}/src/${file}.ts`, `export const name = '${name}/${file}';\n`);
        await this.#write(`apps/${name}/dist/${file}.js`, `exports.name = '${name}/${file}';\n`);
      }
    }
  }

  async #write(relative, content) {
    const file = path.join(this.root, ...relative.split('/'));
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }

  async #commit() {
    const git = (...args) => runToEnd('git', ['-c', 'user.name=Bench', '-c', 'user.email=bench@example.com', '-c', 'commit.gpgsign=false', ...args], { cwd: this.root, env: this.env });
    await git('init', '--quiet', '--initial-branch=main');
    await git('remote', 'add', 'origin', 'https://github.com/example/bench.git');
    await git('add', '--all');
    await git('commit', '--quiet', '--message', 'first');
  }
}
