import { constants, type Stats } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { geteuid } from 'node:process';
import { ProofError, isSystemError } from '../errors';
import { createFileAtomic, lstatIfExists } from '../files';
import { userFolder } from '../user-folder';

const MAX_KEY_BYTES = 64 * 1024;

/** Where the user's own key lies: `signing.key.pem` in the user's folder. Absolute native path. */
export function locateSigningKey(variables: Readonly<Record<string, string | undefined>>): string {
  return path.join(userFolder(variables), 'signing.key.pem');
}

/** The public key's file beside a private key's: `x.key.pem` and `x.pub.pem`. */
export function publicKeyFile(file: string): string {
  return `${file.replace(/(\.key)?\.pem$/, '')}.pub.pem`;
}

/**
 * Reads a private key's file, after making sure on the open file that nobody else can read or write it (not on Windows, where folders of the
 * user are private). A link is followed: secrets are often mounted as links.
 * @param file absolute native path
 * @returns undefined when there is no such file
 * @throws ProofError KEY_PERMISSIONS, KEY_INVALID for what is no file or no key by its size
 */
export async function readKeyFile(file: string, owner: number | undefined = geteuid?.()): Promise<string | undefined> {
  const handle = await openIfExists(file);
  if (handle === undefined) return undefined;
  try {
    const stats = await handle.stat();
    const isKey = stats.isFile() && stats.size <= MAX_KEY_BYTES;
    if (!isKey) throw new ProofError('KEY_INVALID', `${file} is not a key file`, { details: { file } });
    if (path.sep === '/') requirePrivate(file, stats, owner);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_KEY_BYTES), 0, MAX_KEY_BYTES, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function openIfExists(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined;
    throw error;
  }
}

function requirePrivate(file: string, stats: Stats, owner: number | undefined): void {
  const mode = (stats.mode & 0o777).toString(8).padStart(3, '0');
  if ((stats.mode & 0o077) !== 0) {
    throw new ProofError('KEY_PERMISSIONS', `${file} has the mode ${mode}: others can read or change the key`, { details: { file, mode } });
  }
  if (owner !== undefined && stats.uid !== owner && stats.uid !== 0) {
    throw new ProofError('KEY_PERMISSIONS', `${file} belongs to another user (${stats.uid}), who can change the key`, { details: { file, uid: stats.uid } });
  }
}

/**
 * Writes a private key (0600) and its public key beside it, in a folder (0700 if it is made), never over files that are there.
 * @param file absolute native path
 * @returns the public key's file
 * @throws ProofError KEY_EXISTS
 */
export async function writeKeyFiles(file: string, privatePem: string, publicPem: string): Promise<string> {
  const publicFile = publicKeyFile(file);
  // Looked for beforehand, so that no private key is left without its public key.
  for (const each of [file, publicFile]) if ((await lstatIfExists(each)) !== undefined) throw exists(each);
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await createKeyFile(file, privatePem, 0o600);
  await createKeyFile(publicFile, publicPem, 0o644);
  return publicFile;
}

async function createKeyFile(file: string, pem: string, mode: number): Promise<void> {
  try {
    await createFileAtomic(file, pem, { mode });
  } catch (error) {
    throw isSystemError(error) && error.code === 'EEXIST' ? exists(file) : error;
  }
}

function exists(file: string): ProofError {
  return new ProofError('KEY_EXISTS', `${file} exists, and keys are never written over`, { details: { file } });
}
