import type { Env } from '../env';
import { ProofError } from '../errors';
import { createHasher, type Hasher, type HasherNote } from '../hash';
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

export interface SessionOptions {
  /** Files that are open at a time, at most. */
  readonly concurrency?: number;
  /** Told how hashing is done, where that is worth telling. */
  readonly onNote?: (note: HasherNote) => void;
}

/** @throws ProofError OPTION_INVALID for a value of NX_PROOF_WORKERS that is none */
export function openSession(env: Env, workspace: Workspace, options: SessionOptions = {}): Session {
  const hasher = createHasher({ ...options, ...workersOf(env) });
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

const WORKERS_VARIABLE = 'NX_PROOF_WORKERS';

/** NX_PROOF_WORKERS=0 keeps all hashing on the main thread; another number is the most worker threads that there may be. */
function workersOf({ env }: Env): { workers?: number } {
  const value = env[WORKERS_VARIABLE] ?? '';
  if (value === '') return {};
  if (/^\d{1,4}$/.test(value)) return { workers: Number(value) };
  throw new ProofError('OPTION_INVALID', `${WORKERS_VARIABLE}=${JSON.stringify(value)}: must be a whole number from 0`, { details: { variable: WORKERS_VARIABLE, value } });
}

/** The roots of all other projects: none of them may lie inside an artifact root. */
export function otherRoots(workspace: Workspace, project: { readonly name: string }): string[] {
  return [...workspace.projects.values()].filter(({ name }) => name !== project.name).map(({ root }) => root);
}
