import type { FileDigest } from '../model/digest';

/** A digest, with what the file was when it was opened. */
export interface HashedFile extends FileDigest {
  /** As stateOf gives it: equal for equal inodes only. Present when `HashOptions.state` asked for it. */
  readonly state?: string;
}

/** How much is to be hashed. */
export interface HashTotal {
  readonly files: number;
  readonly bytes: number;
}

export interface HashOptions {
  readonly signal: AbortSignal;
  /** Also compute sha512. */
  readonly sha512?: boolean;
  /** Also tell the state of each file. */
  readonly state?: boolean;
  /** Finds out how much there is, by walking it once more; asked only by those that tell the user how long it will take. */
  readonly measure?: () => Promise<HashTotal>;
}

/** Hashes regular files by streaming them: memory does not grow with their size or number. */
export interface Hasher {
  /** Bytes read since it was made, those of files that are still being read included. */
  readonly bytesRead: number;
  /**
   * Digests the files in the order given. Paths are relative to `root` (absolute, native), with forward slashes. They are taken from the source
   * ahead of the digests, MAX_AHEAD of them at most. Files are opened without following links, and checked before and after reading.
   * @throws ProofError ARTIFACT_SYMLINK, ARTIFACT_KIND, ARTIFACT_NAME, PATH_OUTSIDE, FILE_CHANGED, IO_ERROR, ABORTED; details.path names the file
   */
  hash(root: string, paths: AsyncIterable<string> | Iterable<string>, options: HashOptions): AsyncIterable<HashedFile>;
  close(): Promise<void>;
}
