import path from 'node:path';
import { refuseControlValues } from '../../commands/control-values';
import { discoverEnvelopes } from '../../commands/envelope/discover';
import { openBounds, type Bounds } from '../../commands/envelope/locate';
import { findProofRoot } from '../../commands/envelope/place';
import { openSession, type Session } from '../../commands/session';
import { ProofError } from '../../errors';
import { toWorkspacePath } from '../../files';
import type { Workspace } from '../../model/project';
import { concurrencyOption, inSession, type CommandContext } from '../context';
import { invalid } from '../parse';

/** What the commands of cortex-proofs work in. */
export interface Place {
  readonly session: Session;
  readonly bounds: Bounds;
  /** Proofs that are worked on at a time. */
  readonly concurrency: number;
  /** Takes the progress line away. */
  readonly clear: () => void;
}

const DEFAULT_CONCURRENCY = 4;

/**
 * Runs `work` in the place around the current folder.
 * @param read reads the workspace of a root, where its projects matter
 */
export async function inPlace<T>(context: CommandContext, read: (root: string) => Promise<Workspace>, work: (place: Place) => Promise<T>): Promise<T> {
  const { concurrency = DEFAULT_CONCURRENCY } = concurrencyOption(context);
  const { cwd } = context.env;
  const root = await findProofRoot(cwd);
  const bounds = await openBounds(root, cwd, context.lists['allow-outside']);
  const workspace = await read(root);
  await refuseControlValues(root, ['.', ...Array.from(workspace.projects.values(), (project) => project.root)]);
  const opened = openSession(context.env, workspace, { concurrency });
  return inSession(context, opened, (session, clear) => work({ session, bounds, concurrency, clear }));
}

/** A root whose projects do not matter. */
export const withoutProjects = (root: string): Promise<Workspace> => Promise.resolve({ root, projects: new Map() });

/** An envelope's file as an absolute native path, and how messages call it. */
export interface NamedProof {
  readonly file: string;
  readonly name: string;
}

/**
 * The envelopes that the command is about: those that are named, or with --all those below the current folder, as they are found.
 * @throws ProofError PROOF_NOT_FOUND when there is none: doing nothing is never a success
 */
export async function* selectProofs({ env, values, positionals }: CommandContext): AsyncGenerator<NamedProof> {
  const { cwd } = env;
  if (values['all'] === true && positionals[0] !== undefined) throw invalid('--all', true, `means every envelope; leave out ${JSON.stringify(positionals[0])}`);
  const named = new Set(positionals.map((argument) => path.resolve(cwd, argument)));
  let found = 0;
  for await (const file of values['all'] === true ? discoverEnvelopes(cwd, env.signal) : named) {
    found += 1;
    yield { file, name: toWorkspacePath(cwd, file) ?? file };
  }
  if (found > 0) return;
  const where = values['all'] === true ? `there is no *.proof.json below ${cwd}` : 'no proof envelope was named; name files, or give --all';
  throw new ProofError('PROOF_NOT_FOUND', where, { details: { folder: cwd } });
}
