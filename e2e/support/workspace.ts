import { cpSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';
import { isolatedEnv, npmEntry, PNPM } from '../../examples/support/tools.mjs';
import { writeDemo, type NxVersion, type PackageManager } from './demo';
import { mustRun, runCommand, runNode, type RunResult } from './process';

export interface WorkspaceOptions {
  readonly pm: PackageManager;
  readonly nx: NxVersion;
  readonly alias?: 'proof';
}

export interface CallOptions {
  /** Added to the isolated environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly uid?: number;
}

/** A real workspace in a temporary folder, with the packed tarball installed and everything committed. */
export class DemoWorkspace {
  private constructor(
    private readonly base: string,
    readonly root: string,
    readonly home: string,
    readonly options: WorkspaceOptions,
  ) {}

  static async create(options: WorkspaceOptions): Promise<DemoWorkspace> {
    const template = await installedTemplate(options);
    const base = await realpath(await mkdtemp(path.join(os.tmpdir(), 'nx-proof-demo-')));
    const workspace = new DemoWorkspace(base, path.join(base, 'workspace'), path.join(base, 'home'), options);
    await mkdir(workspace.home);
    cpSync(template, workspace.root, { recursive: true, verbatimSymlinks: true });
    await workspace.git('init', '--quiet', '--initial-branch=main');
    await workspace.git('remote', 'add', 'origin', 'https://someone:secret@github.com/acme/demo.git');
    await workspace.commit('first');
    return workspace;
  }

  /** The same commit in another folder, with an installation of its own; the user (home) is the same. */
  async clone(): Promise<DemoWorkspace> {
    const base = await realpath(await mkdtemp(path.join(os.tmpdir(), 'nx-proof-clone-')));
    const copy = new DemoWorkspace(base, path.join(base, 'elsewhere', 'copy'), this.home, this.options);
    await mustRun(runCommand('git', ['clone', '--quiet', this.root, copy.root], { cwd: base, env: this.env() }), 'git clone');
    await copy.git('remote', 'set-url', 'origin', 'https://github.com/acme/demo.git');
    cpSync(this.path('node_modules'), copy.path('node_modules'), { recursive: true, verbatimSymlinks: true });
    return copy;
  }

  /** Stops what may still run and removes the folder. */
  async remove(): Promise<void> {
    await this.nx(['daemon', '--stop'], { env: { NX_DAEMON: 'true' } }).catch(() => undefined);
    await rm(this.base, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  path(relative: string): string {
    return path.join(this.root, ...relative.split('/'));
  }

  read(relative: string): Promise<string> {
    return readFile(this.path(relative), 'utf8');
  }

  async json(relative: string): Promise<Record<string, unknown>> {
    return JSON.parse(await this.read(relative)) as Record<string, unknown>;
  }

  async write(relative: string, content: string | Uint8Array): Promise<void> {
    await mkdir(path.dirname(this.path(relative)), { recursive: true });
    await writeFile(this.path(relative), content);
  }

  exists(relative: string): Promise<boolean> {
    return exists(this.path(relative));
  }

  async rm(...relatives: string[]): Promise<void> {
    for (const relative of relatives) await rm(this.path(relative), { recursive: true, force: true });
  }

  /** Nx's caches stay inside of the workspace: by default all checkouts of a repository share one in the home folder. */
  env(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
    return {
      ...isolatedEnv(this.home),
      NX_CACHE_DIRECTORY: this.path('.nx/cache'),
      NX_WORKSPACE_DATA_DIRECTORY: this.path('.nx/workspace-data'),
      ...extra,
    };
  }

  async nx(args: readonly string[], options: CallOptions = {}): Promise<RunResult> {
    return this.call('nx', args, options);
  }

  /** The nx-proof command as installed. */
  async cli(args: readonly string[], options: CallOptions = {}): Promise<RunResult> {
    return this.call('nx-proof', args, options);
  }

  /** Writes the project graph for the commands that do not ask Nx, and gives the options that name it. */
  async graph(): Promise<readonly string[]> {
    await mustRun(this.nx(['graph', '--file=.nx/graph.json']), 'nx graph');
    return ['--graph', '.nx/graph.json'];
  }

  /** The workspace's package manager, for `pnpm --filter`. */
  pnpm(args: readonly string[], options: CallOptions = {}): Promise<RunResult> {
    return runNode(PNPM, args, { cwd: options.cwd ?? this.root, env: this.env(options.env) });
  }

  async git(...args: string[]): Promise<string> {
    const identity = ['-c', 'user.name=Demo', '-c', 'user.email=demo@example.com', '-c', 'commit.gpgsign=false'];
    const env = { ...this.env(), GIT_AUTHOR_DATE: '2026-01-02T03:04:05Z', GIT_COMMITTER_DATE: '2026-01-02T03:04:05Z' };
    const done = await mustRun(runCommand('git', [...identity, ...args], { cwd: this.root, env }), `git ${args.join(' ')}`);
    return done.stdout.trim();
  }

  async commit(message: string): Promise<string> {
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--message', message);
    return this.git('rev-parse', 'HEAD');
  }

  /** The JavaScript file of an installed command. */
  command(name: 'nx' | 'nx-proof'): Promise<string> {
    return binary(this.root, name === 'nx-proof' ? (this.options.alias ?? name) : name, name);
  }

  private async call(name: 'nx' | 'nx-proof', args: readonly string[], options: CallOptions): Promise<RunResult> {
    return runNode(await this.command(name), args, { cwd: options.cwd ?? this.root, env: this.env(options.env), ...(options.uid === undefined ? {} : { uid: options.uid }) });
  }
}

async function binary(root: string, packageName: string, bin: string): Promise<string> {
  const folder = path.join(root, 'node_modules', packageName);
  const manifest = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')) as { bin: Record<string, string> };
  const script = manifest.bin[bin];
  if (script === undefined) throw new Error(`${packageName} has no command ${bin}`);
  return path.join(folder, script);
}

/** Installs each combination once for the run; the files that run side by side wait for each other. */
async function installedTemplate(options: WorkspaceOptions): Promise<string> {
  const cache = inject('cache');
  const template = path.join(cache, [options.pm, options.nx, options.alias ?? 'nx-proof'].join('-'));
  const lock = `${template}.lock`;
  for (;;) {
    if (await exists(template)) return template;
    const mine = await mkdir(lock).then(() => true, () => false);
    if (mine && !(await exists(template))) break;
    if (mine) await rm(lock, { recursive: true });
    await sleep(200);
  }
  try {
    const staging = `${template}.staging`;
    await rm(staging, { recursive: true, force: true });
    await writeDemo(staging, { ...options, tarball: inject('tarball') });
    await install(staging, options.pm);
    await rename(staging, template);
    return template;
  } finally {
    await rm(lock, { recursive: true });
  }
}

/** Rarely pnpm stands still for good (see pnpm/pnpm#13617): it is ended then, and run once more. */
async function install(root: string, pm: PackageManager): Promise<void> {
  const [entry, args] = pm === 'npm' ? [npmEntry(), ['install', '--no-audit', '--no-fund']] : [PNPM, ['install']];
  const call = (): Promise<RunResult> => runNode(entry, args, { cwd: root, env: isolatedEnv(path.join(inject('cache'), 'home')), timeout: 90_000 });
  const first = await call();
  if (first.code !== 0) await mustRun(call(), `${pm} install, for the second time after ${first.code},`);
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(() => true, () => false);
}
