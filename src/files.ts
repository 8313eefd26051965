import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { chmod, link, lstat, mkdir, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { ProofError, isSystemError, type ErrorCode } from './errors';

/** The largest JSON document (statement, bundle, envelope, policy) that is read into memory, in bytes. */
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

/** A workspace-relative POSIX path as a native absolute one. */
export function toNative(root: string, relative: string): string {
  return path.join(root, relative);
}

/**
 * A native path relative to `root`, with forward slashes; '.' for the root itself.
 * Returns undefined when the path lies outside of it.
 */
export function toWorkspacePath(root: string, absolute: string, platform: Pick<typeof path, 'relative' | 'isAbsolute' | 'sep'> = path): string | undefined {
  const relative = platform.relative(root, absolute);
  if (relative === '') return '.';
  if (platform.isAbsolute(relative) || relative === '..' || relative.startsWith(`..${platform.sep}`)) return undefined;
  return relative.split(platform.sep).join('/');
}

/** True when `child` is `parent` or lies below it; both workspace-relative POSIX paths. */
export function isWithin(parent: string, child: string): boolean {
  return parent === '.' || child === parent || child.startsWith(`${parent}/`);
}

/** Joins workspace-relative POSIX paths; '.' is the workspace root. */
export function joinPosix(...parts: string[]): string {
  return path.posix.join(...parts);
}

/**
 * A file name or other foreign text as messages show it: control, format and line-separating characters, and bytes that are not UTF-8,
 * become `\xNN` for each byte, so that no name can forge a line of output or move the cursor.
 */
export function printable(name: string | Uint8Array): string {
  const bytes = typeof name === 'string' ? undefined : Buffer.from(name);
  if (bytes !== undefined && !isUtf8(bytes)) return bytes.toString('latin1').replace(/[^\x20-\x7e]/g, (char) => hexBytes(Buffer.from(char, 'latin1')));
  const text = typeof name === 'string' ? name : Buffer.from(name).toString();
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (char) => hexBytes(Buffer.from(char)));
}

const hexBytes = (bytes: Buffer): string => Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');

/**
 * Writes a file so that readers and crashes see the old content or the new, never a part: temporary file in the same
 * folder, fsync, rename. Missing folders are made.
 */
export async function writeFileAtomic(file: string, content: FileContent, options: { mode?: number } = {}): Promise<void> {
  await placeFile(file, content, options, (temporary) => renameOver(temporary, file));
}

/**
 * As writeFileAtomic, but never over a file that is there.
 * @throws the system error EEXIST
 */
export async function createFileAtomic(file: string, content: FileContent, options: { mode?: number } = {}): Promise<void> {
  await placeFile(file, content, options, async (temporary) => {
    await link(temporary, file);
    await unlink(temporary);
  });
}

type FileContent = string | Uint8Array | AsyncIterable<Uint8Array>;

async function placeFile(file: string, content: FileContent, options: { mode?: number }, place: (temporary: string) => Promise<void>): Promise<void> {
  const folder = path.dirname(file);
  await mkdir(folder, { recursive: true });
  const temporary = path.join(folder, `.${path.basename(file)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const handle = await open(temporary, 'wx', options.mode ?? 0o644);
    try {
      await writeAll(handle, content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (options.mode !== undefined) await chmod(temporary, options.mode);
    await place(temporary);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncFolder(folder);
}

async function writeAll(handle: FileHandle, content: FileContent): Promise<void> {
  if (typeof content === 'string' || content instanceof Uint8Array) return handle.writeFile(content);
  for await (const chunk of content) await handle.writeFile(chunk);
}

/** rename, tried again for as long as Windows reports the target as in use by a reader. */
async function renameOver(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await rename(from, to);
    } catch (error) {
      if (attempt >= 10 || !isSystemError(error) || !['EPERM', 'EACCES', 'EBUSY'].includes(error.code) || path.sep === '/') throw error;
      await new Promise((resolve) => setTimeout(resolve, attempt * 10));
    }
  }
}

/** Makes a rename durable; folders cannot be opened on Windows, where the rename is journalled. */
async function syncFolder(folder: string): Promise<void> {
  if (path.sep !== '/') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Reads a whole document of bounded size. `missing` is the code raised when there is no such file. */
export async function readDocument(file: string, options: { missing: ErrorCode; what: string; maxBytes?: number }): Promise<Buffer> {
  const maxBytes = options.maxBytes ?? MAX_DOCUMENT_BYTES;
  const details = { file, what: options.what };
  const handle = await openDocument(file, options);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new ProofError(options.missing, `${options.what} ${file} is not a file`, { details });
    if (stats.size > maxBytes) {
      throw new ProofError('FILE_TOO_LARGE', `${options.what} ${file} has ${stats.size} bytes; at most ${maxBytes} are read`, { details });
    }
    return await readBounded(handle, stats.size, maxBytes);
  } finally {
    await handle.close();
  }
}

async function openDocument(file: string, options: { missing: ErrorCode; what: string }): Promise<FileHandle> {
  try {
    return await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      throw new ProofError(options.missing, `${options.what} not found: ${file}`, { cause: error, details: { file } });
    }
    throw error;
  }
}

const READ_BYTES = 64 * 1024;

/** Reads at most `maxBytes`, also from a file that grows after its `size` was taken. By hand: a stream takes longer to set up than the file to read. */
async function readBounded(handle: FileHandle, size: number, maxBytes: number): Promise<Buffer> {
  const length = Math.min(size + 1, READ_BYTES);
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, null);
    if (bytesRead === 0) return Buffer.concat(chunks, total);
    total += bytesRead;
    if (total > maxBytes) throw new ProofError('FILE_TOO_LARGE', `a document grew beyond ${maxBytes} bytes while it was read`);
    chunks.push(buffer.subarray(0, bytesRead));
  }
}

/** `lstat`, or undefined when nothing is there. */
export async function lstatIfExists(file: string): Promise<Stats | undefined> {
  try {
    return await lstat(file);
  } catch (error) {
    if (isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined;
    throw error;
  }
}
