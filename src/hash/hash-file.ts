import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { FileDigest } from '../model/digest';
import type { HashOptions } from './hasher';
import { isUnchanged, openFile } from './open-file';
import { abortedError, accessError, changedError } from './refusals';

/** Two buffers of one size: one is filled while the other is hashed. */
export type Ring = readonly [Buffer, Buffer];

export interface FileReading extends Pick<HashOptions, 'sha512'> {
  /** Asked before each read; true ends the reading with ABORTED. */
  readonly stopped: () => boolean;
  /** Lends the buffers for a file of this size in bytes. They are free again when hashFile has settled. */
  readonly ring: (size: number) => Ring;
}

/**
 * Digests one regular file and checks that it stayed the same while it was read: by its inode before and after, and by the number of bytes.
 * @throws ProofError ARTIFACT_SYMLINK, ARTIFACT_KIND, FILE_CHANGED, IO_ERROR, ABORTED
 */
export async function hashFile(root: string, path: string, reading: FileReading): Promise<FileDigest> {
  if (reading.stopped()) throw abortedError(path);
  const { handle, stats } = await openFile(root, path);
  try {
    const size = Number(stats.size);
    const sha256 = createHash('sha256');
    const sha512 = reading.sha512 === true ? createHash('sha512') : undefined;
    const bytes = await readInto(sha512 === undefined ? [sha256] : [sha256, sha512], handle, size, reading, path);
    if (bytes !== size || !isUnchanged(stats, await handle.stat({ bigint: true }))) throw changedError(path, 'changed while it was read');
    const digest = { path, size, sha256: sha256.digest('hex') };
    return sha512 === undefined ? digest : { ...digest, sha512: sha512.digest('hex') };
  } catch (error) {
    throw accessError(error, path);
  } finally {
    await handle.close();
  }
}

/** Reads ahead into one buffer while the other is hashed, up to `size` bytes and the rest of that read; gives the number of bytes read. */
async function readInto(hashes: readonly Hash[], handle: FileHandle, size: number, reading: FileReading, path: string): Promise<number> {
  let [current, spare] = reading.ring(size);
  let total = 0;
  let pending = handle.read(current, 0, current.length, 0);
  for (;;) {
    const { bytesRead } = await pending;
    total += bytesRead;
    const more = bytesRead > 0 && total < size;
    if (more) {
      if (reading.stopped()) throw abortedError(path);
      pending = handle.read(spare, 0, spare.length, total);
      pending.catch(() => undefined); // looked at in the next turn
    }
    for (const hash of hashes) hash.update(current.subarray(0, bytesRead));
    if (!more) return total;
    [current, spare] = [spare, current];
  }
}
