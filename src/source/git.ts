import { spawn, type ChildProcessByStdio } from 'node:child_process';
import path from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ProofError } from '../errors';

/** Where and how git is run. */
export interface Git {
  /** Absolute native path of a folder of the working tree. */
  readonly root: string;
  readonly signal: AbortSignal;
  /** The environment of git; that of this process when undefined. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
}

/** A file name, or other output of git, byte for byte: every char code is one byte, so that `<` is byte order. */
export type ByteString = string;

/** Settings that could hide a change, or run a program only to find one: the answer must not depend on them. */
const SETTINGS = ['core.fsmonitor=false', 'core.trustctime=true', 'core.checkStat=default'].flatMap((setting) => ['-c', setting]);
/** Set by git for its hooks; in the hook of a commit or push they would name another folder or index than the workspace's. */
const REPOSITORY_VARIABLES = [
  'GIT_ALTERNATE_OBJECT_DIRECTORIES', 'GIT_COMMON_DIR', 'GIT_DIR', 'GIT_GRAFT_FILE', 'GIT_IMPLICIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_NAMESPACE',
  'GIT_NO_REPLACE_OBJECTS', 'GIT_OBJECT_DIRECTORY', 'GIT_PREFIX', 'GIT_REPLACE_REF_BASE', 'GIT_SHALLOW_FILE', 'GIT_WORK_TREE',
];
type Child = ChildProcessByStdio<Writable | null, Readable, Readable>;

const MAX_STDERR = 4096;
const MAX_RECORD = 64 * 1024;

/**
 * Runs git and yields what it prints, as a stream.
 * @throws ProofError GIT_REQUIRED when git cannot be run, IO_ERROR when it fails, ABORTED
 */
export async function* runGit(git: Git, args: readonly string[], input?: Iterable<Buffer>): AsyncGenerator<Buffer> {
  // Output and messages are piped, so they are there.
  const child = spawn('git', ['--no-optional-locks', ...SETTINGS, '-C', git.root, ...args], {
    // Windows looks for programs in the current folder first: a git.exe of the workspace must not be found.
    cwd: path.parse(git.root).root,
    signal: git.signal,
    windowsHide: true,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    ...(git.variables === undefined ? {} : { env: gitVariables(git.variables) }),
  }) as Child;
  const done = finished(child, child.stdin === null || input === undefined ? undefined : pipeline(Readable.from(input), child.stdin));
  done.catch(() => undefined);
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    const { code, stderr } = await done;
    if (code !== 0) throw failure(args, code, stderr);
  } catch (error) {
    // Without a process the output fails as well; why there is none tells more.
    await done;
    throw error;
  } finally {
    child.kill();
  }
}

function gitVariables(variables: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  const repository = new Set(REPOSITORY_VARIABLES);
  return { ...Object.fromEntries(Object.entries(variables).filter(([name]) => !repository.has(name))), LC_ALL: 'C' };
}

/** Awaits the process and what feeds it; keeps the beginning of its messages. */
async function finished(child: Child, fed: Promise<void> | undefined): Promise<{ code: number | null; stderr: string }> {
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(0, MAX_STDERR);
  });
  const closed = new Promise<number | null>((resolve, reject) => {
    child.on('error', (error) => reject(notRun(error))).on('close', resolve);
  });
  // A git that fails early closes its input: its exit code tells more than EPIPE.
  const [code] = await Promise.all([closed, fed?.catch(() => undefined)]);
  return { code, stderr };
}

function failure(args: readonly string[], code: number | null, stderr: string): ProofError {
  const reason = stderr.trim() === '' ? 'it printed no reason' : stderr.trim();
  return new ProofError('IO_ERROR', `git ${args.join(' ')} failed (exit ${code ?? 'by a signal'}): ${reason}`, { details: { stderr: reason } });
}

function notRun(error: NodeJS.ErrnoException): ProofError {
  if (error.name === 'AbortError') return new ProofError('ABORTED', 'interrupted while asking git', { cause: error });
  return new ProofError('GIT_REQUIRED', `git cannot be run (${error.code ?? error.message}); is it installed and in PATH?`, { cause: error });
}

/** Runs git for a short answer. */
export async function askGit(git: Git, args: readonly string[]): Promise<ByteString> {
  let text = '';
  for await (const chunk of runGit(git, args)) {
    text += chunk.toString('latin1');
    if (text.length > 16 * MAX_RECORD) throw tooLong(args);
  }
  return text;
}

/** Runs git and yields its records, in groups as they arrive; `separator` ends each. */
export async function* gitRecords(git: Git, args: readonly string[], separator: '\0' | '\n', input?: Iterable<Buffer>): AsyncGenerator<ByteString[]> {
  let rest = '';
  for await (const chunk of runGit(git, args, input)) {
    const records = (rest + chunk.toString('latin1')).split(separator);
    rest = records.pop() ?? '';
    if (rest.length > MAX_RECORD) throw tooLong(args);
    yield records;
  }
  if (rest !== '') throw new ProofError('IO_ERROR', `git ${args.join(' ')} ended in the middle of a record`);
}

function tooLong(args: readonly string[]): ProofError {
  return new ProofError('IO_ERROR', `git ${args.join(' ')} printed more than any answer of its kind`);
}
