import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createProof, type CreateRequest, type CreateResult } from '../../src/commands/create';
import { openSession, type Session } from '../../src/commands/session';
import type { Env } from '../../src/env';
import { toNative } from '../../src/files';
import type { Project, Workspace } from '../../src/model/project';

export const VERSIONS = { nx: '24.0.6', nxProof: '0.1.0' };

/** A process as a command sees it, in `cwd`; the time stands still. */
export function testEnv(cwd: string, env: Readonly<Record<string, string>> = {}, signal = new AbortController().signal): Env {
  return { now: () => new Date('2026-02-03T04:05:06Z'), env, cwd, signal };
}

export type ProjectInput = Partial<Project> & { readonly name: string };

/** A real workspace in a temporary folder: a git repository with one commit, and projects with built files. */
export class TestWorkspace {
  readonly projects = new Map<string, Project>();

  private constructor(readonly root: string) {}

  static async create(projects: readonly ProjectInput[] = [{ name: 'app' }], files: Readonly<Record<string, string>> = {}): Promise<TestWorkspace> {
    const workspace = new TestWorkspace(await realpath(await mkdtemp(path.join(os.tmpdir(), 'nx-proof-ws-'))));
    for (const input of projects) workspace.add(input);
    await workspace.write('nx.json', '{}\n');
    await workspace.write('.gitignore', 'dist\n.proof\nnode_modules\n.nx\n');
    for (const { name, root } of workspace.projects.values()) {
      await workspace.write(`${root}/src/main.ts`, `export const name = '${name}';\n`);
      await workspace.write(`${root}/dist/main.js`, `exports.name = '${name}';\n`);
      await workspace.write(`${root}/dist/lib/util.js`, `// util of ${name}\n`);
    }
    for (const [file, content] of Object.entries(files)) await workspace.write(file, content);
    workspace.git('init', '-q', '-b', 'main');
    workspace.commit();
    return workspace;
  }

  add(input: ProjectInput): void {
    const root = input.root ?? `apps/${input.name}`;
    this.projects.set(input.name, { root, tags: [], artifacts: ['{projectRoot}/dist'], dependencies: [], ...input });
  }

  project(name = 'app'): Project {
    const project = this.projects.get(name);
    if (project === undefined) throw new Error(`no project ${name}`);
    return project;
  }

  get workspace(): Workspace {
    return { root: this.root, projects: this.projects };
  }

  /** Runs with a session of its own, as one process would. */
  async run<T>(work: (session: Session) => Promise<T>, env: Readonly<Record<string, string>> = {}): Promise<T> {
    const session = openSession(testEnv(this.root, env), this.workspace);
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }

  create(name = 'app', request: Partial<CreateRequest> = {}, env: Readonly<Record<string, string>> = {}): Promise<CreateResult> {
    const full = { project: this.project(name), target: 'build', options: {}, versions: VERSIONS, ...request };
    return this.run((session) => createProof(session, full), env);
  }

  file(relative: string): string {
    return toNative(this.root, relative);
  }

  async write(relative: string, content: string | Uint8Array): Promise<void> {
    await mkdir(path.dirname(this.file(relative)), { recursive: true });
    await writeFile(this.file(relative), content);
  }

  read(relative: string): Promise<string> {
    return readFile(this.file(relative), 'utf8');
  }

  async json<T = unknown>(relative: string): Promise<T> {
    return JSON.parse(await this.read(relative)) as T;
  }

  git(...args: string[]): string {
    const date = '2026-01-01T00:00:00Z';
    const identity = { GIT_AUTHOR_NAME: 't', GIT_AUTHOR_EMAIL: 't@example.com', GIT_COMMITTER_NAME: 't', GIT_COMMITTER_EMAIL: 't@example.com' };
    const env = { ...process.env, ...identity, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
    return execFileSync('git', args, { cwd: this.root, env, encoding: 'utf8' });
  }

  commit(message = 'change'): void {
    this.git('add', '-A');
    this.git('commit', '-q', '--allow-empty', '-m', message);
  }

  remove(): Promise<void> {
    return rm(this.root, { recursive: true, force: true });
  }
}
