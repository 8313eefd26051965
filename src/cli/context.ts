import path from 'node:path';
import { refuseControlValues } from '../commands/control-values';
import { openSession, type Session, type SessionOptions } from '../commands/session';
import { findWorkspaceRoot, readWorkspace } from '../commands/workspace';
import type { Env } from '../env';
import type { Host } from './host';
import { invalid, type Lists, type Values } from './parse';
import type { Printer } from './printer';
import { withProgress } from './progress';

/** What a command is given: its part of the command line, and what it may do to the outside. */
export interface CommandContext {
  readonly host: Host;
  readonly printer: Printer;
  readonly values: Values;
  readonly lists: Lists;
  readonly positionals: readonly string[];
  /** `cwd` is that of --cwd. */
  readonly env: Env;
}

/** The value of an option; undefined for one that was not given. */
export function textOption({ values }: CommandContext, name: string): string | undefined {
  const value = values[name];
  return value === true ? undefined : value;
}

/** The file that an option names, relative to the folder that the command runs in, as an absolute path. */
export function fileOption(context: CommandContext, name: string): string | undefined {
  const value = textOption(context, name);
  return value === undefined ? undefined : path.resolve(context.env.cwd, value);
}

/** @throws ProofError OPTION_INVALID unless --concurrency is a number from 1 to 1024 */
export function concurrencyOption(context: CommandContext): { concurrency?: number } {
  const value = textOption(context, 'concurrency');
  if (value === undefined) return {};
  const number = Number(value);
  if (!/^\d{1,4}$/.test(value) || number < 1 || number > 1024) throw invalid('--concurrency', value, 'must be a whole number from 1 to 1024');
  return { concurrency: number };
}

/** How the command's session hashes, and that it says so. */
export function sessionOptions(context: CommandContext): SessionOptions {
  return { ...concurrencyOption(context), onNote: ({ level, message }) => context.printer.log(level, message) };
}

/** Runs `work` on the workspace around the current folder, read from its files alone, or from --graph. */
export async function inWorkspace<T>(context: CommandContext, work: (session: Session, clear: () => void) => Promise<T>): Promise<T> {
  const options = sessionOptions(context);
  const graph = fileOption(context, 'graph');
  const root = await findWorkspaceRoot(context.env.cwd);
  const workspace = await readWorkspace(root, graph === undefined ? {} : { graph });
  await refuseControlValues(root, ['.', ...Array.from(workspace.projects.values(), (project) => project.root)]);
  return inSession(context, openSession(context.env, workspace, options), work);
}

/** Runs `work` with a session that shows its progress, and closes it. */
export async function inSession<T>(context: CommandContext, opened: Session, work: (session: Session, clear: () => void) => Promise<T>): Promise<T> {
  const { session, clear } = withProgress(opened, context.host, context.printer);
  try {
    return await work(session, clear);
  } finally {
    clear();
    await opened.close();
  }
}
