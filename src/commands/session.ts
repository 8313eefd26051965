import type { Env } from '../env';
import { createHasher, type Hasher } from '../hash';
import type { Workspace } from '../model/project';
import { openSource, type Source } from '../source';

/** What the projects of one run share: the workspace, one hasher, and one look at git. */
export interface Session {
  readonly env: Env;
  readonly workspace: Workspace;
  readonly hasher: Hasher;
  /** What is checked out, and the digests of all projects' sources. */
  readonly source: Source;
  /** What is to be closed with the session. */
  onClose(close: () => Promise<void>): void;
  close(): Promise<void>;
}

export function openSession(env: Env, workspace: Workspace, options: { readonly concurrency?: number } = {}): Session {
  const hasher = createHasher(options);
  const closers = [() => hasher.close()];
  return {
    env,
    workspace,
    hasher,
    source: openSource(workspace.root, workspace.projects.values(), env.signal, env.env),
    onClose: (close) => void closers.push(close),
    close: async () => void (await Promise.all(closers.splice(0).map((close) => close()))),
  };
}

/** The roots of all other projects: none of them may lie inside an artifact root. */
export function otherRoots(workspace: Workspace, project: { readonly name: string }): string[] {
  return [...workspace.projects.values()].filter(({ name }) => name !== project.name).map(({ root }) => root);
}
