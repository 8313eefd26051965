import { isProofError, ProofError } from '../errors';
import { isWithin, printable } from '../files';
import { DirHash, MerkleTree, type FileDigest } from '../model/digest';
import { measure } from '../telemetry';
import type { Hasher, HashOptions } from './hasher';
import { sortByBytes } from './paths';
import { changedError, GONE_ERRORS } from './refusals';
import type { ArtifactScope, ArtifactSet } from './resolve';
import { walk } from './walk';

export interface ArtifactSummary {
  readonly files: number;
  /** Sum of the sizes in bytes. */
  readonly bytes: number;
  /** RFC 6962 tree hash over the leaves `path NUL sha256-hex` in byte order of the paths, in hex. */
  readonly merkleRoot: string;
  /** The folder roots in byte order; `dirHash` is Go's `h1` in hex, over names relative to the folder. */
  readonly folders: readonly { readonly path: string; readonly dirHash: string }[];
}

/** The digests of all artifact files in byte order of their paths; one pass. */
export interface ArtifactDigests extends AsyncIterable<FileDigest> {
  /** Known after the last digest. */
  summary(): ArtifactSummary;
}

/**
 * Hashes what resolveArtifacts found, without holding more than the summary in memory.
 * @throws ProofError while iterated: ARTIFACTS_EMPTY when there is no file at all; FILE_CHANGED when a file is gone that was there a moment ago;
 * what walk and Hasher.hash throw
 */
export function digestArtifacts(hasher: Hasher, scope: ArtifactScope, set: ArtifactSet, options: HashOptions): ArtifactDigests {
  let summary: ArtifactSummary | undefined;
  return {
    async *[Symbol.asyncIterator]() {
      const tally = new Tally(set.folders);
      for await (const digest of hashListed(hasher, scope, set, options)) {
        tally.add(digest);
        yield digest;
      }
      summary = tally.summary();
      measure('proof_artifacts.hash.bytes', summary.bytes);
      if (summary.files === 0) throw emptyError(scope, set);
    },
    summary() {
      if (summary === undefined) throw new ProofError('INTERNAL', 'the artifacts have not been hashed to the end');
      return summary;
    },
  };
}

async function* hashListed(hasher: Hasher, scope: ArtifactScope, set: ArtifactSet, options: HashOptions): AsyncGenerator<FileDigest> {
  try {
    yield* hasher.hash(scope.root, listFiles(scope, set, options), options);
  } catch (error) {
    if (!isProofError(error) || error.code !== 'IO_ERROR' || !GONE_ERRORS.has(error.details['errno'])) throw error;
    throw changedError(String(error.details['path']), 'vanished before it was read', error);
  }
}

/** The roots are disjoint, so the order of the roots, folders as `name/`, is that of all files. */
async function* listFiles(scope: ArtifactScope, set: ArtifactSet, options: HashOptions): AsyncGenerator<string> {
  for (const unit of sortByBytes([...set.files, ...set.folders.map((folder) => `${folder}/`)])) {
    if (unit.endsWith('/')) yield* walk(scope.root, unit.slice(0, -1), { members: scope.members, signal: options.signal });
    else yield unit;
  }
}

class Tally {
  readonly #merkle = new MerkleTree();
  readonly #folders: readonly { path: string; hash: DirHash }[];
  #files = 0;
  #bytes = 0;

  constructor(folders: readonly string[]) {
    this.#folders = folders.map((path) => ({ path, hash: new DirHash() }));
  }

  add({ path, size, sha256 }: FileDigest): void {
    this.#files += 1;
    this.#bytes += size;
    this.#merkle.add(`${path}\0${sha256}`);
    const folder = this.#folders.find((candidate) => isWithin(candidate.path, path));
    if (folder !== undefined) folder.hash.add(folder.path === '.' ? path : path.slice(folder.path.length + 1), sha256);
  }

  summary(): ArtifactSummary {
    const folders = this.#folders.map(({ path, hash }) => ({ path, dirHash: hash.digest() }));
    return { files: this.#files, bytes: this.#bytes, merkleRoot: this.#merkle.root(), folders };
  }
}

function emptyError(scope: ArtifactScope, set: ArtifactSet): ProofError {
  const { name } = scope.project;
  const folders = set.folders.map((folder) => `"${printable(folder)}"`).join(', ');
  return new ProofError('ARTIFACTS_EMPTY', `project "${name}": no file lies in ${folders}`, { details: { project: name, folders: set.folders } });
}
