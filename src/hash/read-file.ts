import { createHash } from 'node:crypto';
import { read } from 'node:fs';
import { promisify } from 'node:util';
import type { FileDigest } from '../model/digest';
import { FolderGuard } from './folders';
import type { HashOptions } from './hasher';
import { closeAsync, fstatBig, isUnchanged, openFile } from './open-file';
import { checkPath } from './paths';
import { abortedError, accessError, changedError } from './refusals';

const readAsync = promisify(read);
const CHUNK_BYTES = 1024 * 1024;

/**
 * Digests one regular file as a Hasher does, and shows its content on the way, so that what was looked at is what was digested.
 * @param root absolute native path
 * @param look is given the content in pieces; a piece is valid until it returns
 * @throws ProofError ARTIFACT_SYMLINK, ARTIFACT_KIND, ARTIFACT_NAME, PATH_OUTSIDE, FILE_CHANGED, IO_ERROR, ABORTED
 */
export async function readFile(root: string, path: string, options: Pick<HashOptions, 'signal'>, look: (chunk: Uint8Array) => void): Promise<FileDigest> {
  checkPath(path);
  await new FolderGuard(root).check(path);
  const { fd, stats } = await openFile(root, path);
  try {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Number(stats.size) + 1));
    let size = 0;
    for (;;) {
      if (options.signal.aborted) throw abortedError(path);
      const { bytesRead } = await readAsync(fd, buffer, 0, buffer.length, null);
      if (bytesRead === 0) break;
      const chunk = buffer.subarray(0, bytesRead);
      hash.update(chunk);
      look(chunk);
      size += bytesRead;
      if (size > Number(stats.size)) break;
    }
    if (size !== Number(stats.size) || !isUnchanged(stats, await fstatBig(fd))) throw changedError(path, 'changed while it was read');
    return { path, size, sha256: hash.digest('hex') };
  } catch (error) {
    throw accessError(error, path);
  } finally {
    await closeAsync(fd);
  }
}
