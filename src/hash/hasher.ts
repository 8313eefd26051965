import type { FileDigest } from '../model/digest';

export interface HashOptions {
  readonly signal: AbortSignal;
  /** Also compute sha512. */
  readonly sha512?: boolean;
}

/** Hashes regular files by streaming them: memory does not grow with their size or number. */
export interface Hasher {
  /**
   * Digests the files in the order given. Paths are relative to `root` (absolute, native), with forward slashes.
   * Files are opened without following links, and checked before and after reading.
   * @throws ProofError ARTIFACT_SYMLINK, ARTIFACT_KIND, FILE_CHANGED, IO_ERROR, ABORTED; details.path names the file
   */
  hash(root: string, paths: AsyncIterable<string> | Iterable<string>, options: HashOptions): AsyncIterable<FileDigest>;
  close(): Promise<void>;
}
