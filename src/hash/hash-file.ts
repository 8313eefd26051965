import { createHash, type Hash } from 'node:crypto';
import { closeSync, fstatSync, read, readSync, type BigIntStats } from 'node:fs';
import { closeAsync, fstatBig, isUnchanged, openFile, openFileSync, stateOf } from './open-file';
import type { HashedFile, HashOptions } from './hasher';
import { abortedError, accessError, changedError } from './refusals';

/** Two buffers of one size: one is filled while the other is hashed. */
export type Ring = readonly [Buffer, Buffer];

export interface Reading extends Pick<HashOptions, 'sha512' | 'state'> {
  /** Asked before each read; true ends the reading with ABORTED. */
  readonly stopped: () => boolean;
  /** Told of each read. */
  readonly onRead: (bytes: number) => void;
}

export interface AsyncReading extends Reading {
  /**
   * Lends the buffers for a file of this size in bytes; they are free again when hashFile has settled. Undefined: the file is to be hashed
   * elsewhere.
   */
  readonly ring: (size: number) => Promise<Ring | undefined> | Ring;
}

/**
 * Digests one regular file and checks that it stayed the same while it was read: by its inode before and after, and by the number of bytes.
 * Undefined when `reading.ring` gave nothing.
 * @throws ProofError ARTIFACT_SYMLINK, ARTIFACT_KIND, FILE_CHANGED, IO_ERROR, ABORTED
 */
export async function hashFile(root: string, path: string, reading: AsyncReading): Promise<HashedFile | undefined> {
  if (reading.stopped()) throw abortedError(path);
  const { fd, stats } = await openFile(root, path);
  try {
    const size = Number(stats.size);
    const ring = await reading.ring(size);
    if (ring === undefined) return undefined;
    const hashes = hashesOf(reading);
    const bytes = await readInto(hashes, fd, size, ring, reading, path);
    return finish(path, stats, await fstatBig(fd), bytes, hashes, reading);
  } catch (error) {
    throw accessError(error, path);
  } finally {
    await closeAsync(fd);
  }
}

export interface SyncReading extends Reading {
  readonly buffer: Buffer;
  /** Asked when the size in bytes is known; false: the file is to be hashed later. */
  readonly accepts: (size: number) => boolean;
}

/** hashFile for a thread that may block, into one buffer. Undefined when `reading.accepts` says no. */
export function hashFileSync(root: string, path: string, reading: SyncReading): HashedFile | undefined {
  if (reading.stopped()) throw abortedError(path);
  const { fd, stats } = openFileSync(root, path);
  try {
    const size = Number(stats.size);
    if (!reading.accepts(size)) return undefined;
    const hashes = hashesOf(reading);
    const { buffer } = reading;
    let total = 0;
    for (let bytes = -1; bytes !== 0 && (total < size || bytes < 0); ) {
      if (reading.stopped()) throw abortedError(path);
      bytes = readSync(fd, buffer, 0, buffer.length, total);
      update(hashes, buffer, bytes);
      total += bytes;
      reading.onRead(bytes);
    }
    return finish(path, stats, fstatSync(fd, { bigint: true }), total, hashes, reading);
  } catch (error) {
    throw accessError(error, path);
  } finally {
    closeSync(fd);
  }
}

interface Hashes {
  readonly sha256: Hash;
  readonly sha512: Hash | undefined;
}

const hashesOf = ({ sha512 }: Reading): Hashes => ({ sha256: createHash('sha256'), sha512: sha512 === true ? createHash('sha512') : undefined });

function update({ sha256, sha512 }: Hashes, buffer: Buffer, bytes: number): void {
  const data = bytes === buffer.length ? buffer : buffer.subarray(0, bytes);
  sha256.update(data);
  sha512?.update(data);
}

function finish(path: string, before: BigIntStats, after: BigIntStats, bytes: number, { sha256, sha512 }: Hashes, { state }: Reading): HashedFile {
  const size = Number(before.size);
  if (bytes !== size || !isUnchanged(before, after)) throw changedError(path, 'changed while it was read');
  return {
    path,
    size,
    sha256: sha256.digest('hex'),
    ...(sha512 === undefined ? {} : { sha512: sha512.digest('hex') }),
    ...(state === true ? { state: stateOf(before) } : {}),
  };
}

/** Reads ahead into one buffer while the other is hashed, up to `size` bytes and the rest of that read; gives the number of bytes read. */
async function readInto(hashes: Hashes, fd: number, size: number, ring: Ring, reading: Reading, path: string): Promise<number> {
  let [current, spare] = ring;
  let total = 0;
  let pending = readAt(fd, current, 0);
  for (;;) {
    const bytes = await pending;
    total += bytes;
    reading.onRead(bytes);
    const more = bytes > 0 && total < size;
    if (more) {
      if (reading.stopped()) throw abortedError(path);
      pending = readAt(fd, spare, total);
      pending.catch(() => undefined); // looked at in the next turn
    }
    update(hashes, current, bytes);
    if (!more) return total;
    [current, spare] = [spare, current];
  }
}

function readAt(fd: number, buffer: Buffer, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, 0, buffer.length, position, (error, bytes) => (error === null ? resolve(bytes) : reject(error)));
  });
}
