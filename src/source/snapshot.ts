import { ProofError, isProofError } from '../errors';
import { idsOfChanged, listChanged, type Place } from './changes';
import { ProjectDigests } from './digests';
import { askGit, gitRecords, type Git } from './git';
import { INDEX_LISTING, isOfIndex, isProofFile, parseListed } from './listing';
import { chooseRemote } from './remote';

/** What is checked out. */
export interface Checkout {
  /** Id of the commit. */
  readonly commit: string;
  /** The committer's date. */
  readonly commitTime: Date;
  /** `git+https://host/path` of the remote `origin`, else of the only remote. */
  readonly repository: string | undefined;
  /** Whether anything in the repository differs from the commit; what lies in `.proof` folders apart. */
  readonly dirty: boolean;
}

/**
 * sha256 over `<path> NUL <git object id> LF` of the project's files in byte order: tracked files as they are on disk and untracked ones that are
 * not ignored, without `.proof` folders and nested projects. It does not change when they are committed, nor in another clone.
 * @throws ProofError PROJECT_UNKNOWN
 */
export type SourceDigest = (project: string) => string;

/**
 * The sources of a workspace as git sees them. Each of the two is asked for when it is first needed, and then once; what failed stays so.
 * @throws ProofError GIT_REQUIRED without git, a repository or a commit; IO_ERROR; ABORTED
 */
export interface Source {
  checkout(): Promise<Checkout>;
  digests(): Promise<SourceDigest>;
}

/** Where the workspace lies, and the commit that is checked out. */
type Location = Place & { readonly commit: string };

/**
 * The sources of a workspace; whatever the number of projects, git is asked a fixed number of questions.
 * @param root absolute native path of the workspace: the top of the working tree or a folder in it
 * @param variables the environment to run git in; that of this process when not given
 */
export function openSource(
  root: string,
  projects: Iterable<{ readonly name: string; readonly root: string }>,
  signal: AbortSignal,
  variables?: Readonly<Record<string, string | undefined>>,
): Source {
  const git: Git = { root, signal, ...(variables === undefined ? {} : { variables }) };
  const roots = new Map(Array.from(projects, (project) => [project.name, project.root]));
  const location = once(() => locate(git));
  const checkout = once(() => explained(location, readCheckout(git)));
  const digests = once(() => explained(location, digestProjects(git, location, roots.values())));
  return {
    async checkout() {
      return { commit: (await location()).commit, ...(await checkout()) };
    },
    async digests() {
      const found = await digests();
      return (project) => {
        const digest = found.digest(roots.get(project) ?? '');
        if (digest === undefined) throw new ProofError('PROJECT_UNKNOWN', `no sources were read for a project ${project}`, { details: { project } });
        return digest;
      };
    },
  };
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => (answer ??= ask());
}

/** Where there is no repository every question fails, and that for the `location` says why. */
async function explained<T>(location: () => Promise<unknown>, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    await location();
    throw error;
  }
}

async function locate(git: Git): Promise<Location> {
  const answer = await askGit(git, ['rev-parse', '--is-inside-work-tree', '--show-cdup', '--show-prefix', '--revs-only', 'HEAD']).catch((error: unknown) => {
    throw required(error, `${git.root} is not in a git repository that git accepts`);
  });
  const match = /^true\n([./]*)\n((?:[^]*\/)?)\n(?:([0-9a-f]{40,64})\n)?$/.exec(answer);
  if (match?.[1] === undefined || match[2] === undefined) throw required(undefined, `${git.root} is not in the working tree of a git repository`);
  const [, up, prefix, commit] = match;
  if (commit === undefined) throw required(undefined, `the git repository of ${git.root} has no commit`);
  return { up, prefix, commit, algorithm: commit.length === 64 ? 'sha256' : 'sha1' };
}

async function readCheckout(git: Git): Promise<Omit<Checkout, 'commit'>> {
  const [commitTime, remotes, dirty] = await Promise.all([timeOfHead(git), askGit(git, ['remote', '-v']), isDirty(git)]);
  return { commitTime, repository: chooseRemote(Buffer.from(remotes, 'latin1').toString()), dirty };
}

async function timeOfHead(git: Git): Promise<Date> {
  const answer = await askGit(git, ['rev-list', '--max-count=1', '--timestamp', 'HEAD', '--']).catch((error: unknown) => {
    throw required(error, `the commit of the git repository of ${git.root} cannot be read`);
  });
  return new Date(Number(answer.split(' ')[0]) * 1000);
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

/**
 * One listing has everything: where nothing differs from the index, that is the answer. Where something does, its content counts, and the digests are
 * made once more, since files count in byte order and only the changed ones are held in memory.
 */
async function digestProjects(git: Git, location: () => Promise<Place>, roots: Iterable<string>): Promise<ProjectDigests> {
  const folders = [...roots];
  const clean = new ProjectDigests(folders, new Map());
  const changed = await listChanged(git, ({ path, id }) => clean.add(path, id));
  if (changed.length === 0) return clean.finish();
  const digests = new ProjectDigests(folders, await idsOfChanged(git, await location(), changed));
  for await (const records of gitRecords(git, INDEX_LISTING, '\0')) {
    for (const record of records) {
      const file = parseListed(record);
      if (isOfIndex(file)) digests.add(file.path, file.id);
    }
  }
  return digests.finish();
}
