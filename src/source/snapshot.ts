import { ProofError, isProofError } from '../errors';
import { readChanges, type Place } from './changes';
import { ProjectDigests } from './digests';
import { askGit, gitRecords, type Git } from './git';
import { isProofFile, parseListed, trustOf } from './listing';
import { chooseRemote } from './remote';

/** The sources of a workspace at one moment, as git sees them. */
export interface SourceSnapshot {
  /** Id of the commit checked out. */
  readonly commit: string;
  /** The committer's date. */
  readonly commitTime: Date;
  /** `git+https://host/path` of the remote `origin`, else of the only remote. */
  readonly repository: string | undefined;
  /** Whether anything in the repository differs from the commit; what lies in `.proof` folders apart. */
  readonly dirty: boolean;
  /**
   * sha256 over `<path> NUL <git object id> LF` of the project's files in byte order: tracked files as they are on disk and untracked ones that are
   * not ignored, without `.proof` folders and nested projects. It does not change when they are committed, nor in another clone.
   * @throws ProofError PROJECT_UNKNOWN
   */
  digest(project: string): string;
}

/**
 * Asks git a fixed number of questions, whatever the number of projects.
 * @param root absolute native path of the workspace: the top of the working tree or a folder in it
 * @param variables the environment to run git in; that of this process when not given
 * @throws ProofError GIT_REQUIRED without git, a repository or a commit; IO_ERROR; ABORTED
 */
export async function readSource(
  root: string,
  projects: Iterable<{ readonly name: string; readonly root: string }>,
  signal: AbortSignal,
  variables?: Readonly<Record<string, string | undefined>>,
): Promise<SourceSnapshot> {
  const git: Git = { root, signal, ...(variables === undefined ? {} : { variables }) };
  const roots = new Map(Array.from(projects, (project) => [project.name, project.root]));
  const tree = await locate(git);
  const { commit, commitTime } = await readHead(git);
  const place: Place = { ...tree, algorithm: commit.length === 64 ? 'sha256' : 'sha1' };
  const [remotes, dirty, digests] = await Promise.all([askGit(git, ['remote', '-v']), isDirty(git), digestProjects(git, place, roots.values())]);
  const digest = (project: string): string => {
    const found = digests.digest(roots.get(project) ?? '');
    if (found === undefined) throw new ProofError('PROJECT_UNKNOWN', `no sources were read for a project ${project}`, { details: { project } });
    return found;
  };
  return { commit, commitTime, repository: chooseRemote(Buffer.from(remotes, 'latin1').toString()), dirty, digest };
}

async function locate(git: Git): Promise<Pick<Place, 'up' | 'prefix'>> {
  const answer = await askGit(git, ['rev-parse', '--is-inside-work-tree', '--show-cdup', '--show-prefix']).catch((error: unknown) => {
    throw required(error, `${git.root} is not in a git repository that git accepts`);
  });
  const match = /^true\n([./]*)\n([^]*)\n$/.exec(answer);
  if (match?.[1] === undefined || match[2] === undefined) throw required(undefined, `${git.root} is not in the working tree of a git repository`);
  return { up: match[1], prefix: match[2] };
}

async function readHead(git: Git): Promise<{ commit: string; commitTime: Date }> {
  const answer = await askGit(git, ['rev-list', '--max-count=1', '--timestamp', 'HEAD', '--']).catch((error: unknown) => {
    throw required(error, `the git repository of ${git.root} has no commit`);
  });
  const [seconds, commit = ''] = answer.trim().split(' ');
  return { commit, commitTime: new Date(Number(seconds) * 1000) };
}

/** A failure of git as the reason why there is no proof; being interrupted, or having no git, stays what it is. */
function required(error: unknown, message: string): unknown {
  if (error !== undefined && !(isProofError(error) && error.code === 'IO_ERROR')) return error;
  const reason = isProofError(error) ? `: ${String(error.details['stderr'])}` : '';
  return new ProofError('GIT_REQUIRED', message + reason, { cause: error });
}

async function isDirty(git: Git): Promise<boolean> {
  const status = ['status', '--porcelain', '-z', '--no-renames', '--untracked-files=all', '--ignore-submodules=none'];
  for await (const records of gitRecords(git, status, '\0')) {
    // Two letters of status and a space come before the path.
    if (records.some((record) => !isProofFile(record.slice(3)))) return true;
  }
  return false;
}

async function digestProjects(git: Git, place: Place, roots: Iterable<string>): Promise<ProjectDigests> {
  const digests = new ProjectDigests(roots, await readChanges(git, place));
  for await (const records of gitRecords(git, ['ls-files', '-z', '-v', '-s', '-c'], '\0')) {
    for (const record of records) {
      const file = parseListed(record);
      if (trustOf(file) !== 'disk' && file.id !== undefined && !isProofFile(file.path)) digests.add(file.path, file.id);
    }
  }
  digests.finish();
  return digests;
}
