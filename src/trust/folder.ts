import type { Stats } from 'node:fs';
import { access, chmod, constants, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { geteuid } from 'node:process';
import { ProofError, isSystemError } from '../errors';
import { lstatIfExists, toNative } from '../files';

/** Relative to the workspace. */
export const TRUST_FOLDER = '.nx/proof/trust';

/**
 * The folder of the trust cache: real folders, not links, of this user, closed to all others. Absolute native path; undefined where it can neither be
 * made nor written to.
 * @throws ProofError TRUST_CACHE_UNSAFE; system errors
 */
export async function openTrustFolder(workspaceRoot: string): Promise<string | undefined> {
  try {
    await mkdir(toNative(workspaceRoot, '.nx'), { recursive: true });
    for (const name of ['.nx/proof', TRUST_FOLDER]) await makePrivate(toNative(workspaceRoot, name));
    const folder = toNative(workspaceRoot, TRUST_FOLDER);
    await access(folder, constants.W_OK);
    return folder;
  } catch (error) {
    if (isSystemError(error) && ['EACCES', 'EPERM', 'EROFS'].includes(error.code)) return undefined;
    throw error;
  }
}

async function makePrivate(folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => ignoreExisting(error));
  const stats = await requireOwnFolder(folder);
  if (stats !== undefined && path.sep === '/' && (stats.mode & 0o077) !== 0) await chmod(folder, 0o700);
}

/** The folder if it is there, without making or changing anything. @throws ProofError TRUST_CACHE_UNSAFE */
export async function findTrustFolder(workspaceRoot: string): Promise<string | undefined> {
  for (const name of ['.nx/proof', TRUST_FOLDER]) {
    if ((await requireOwnFolder(toNative(workspaceRoot, name))) === undefined) return undefined;
  }
  return toNative(workspaceRoot, TRUST_FOLDER);
}

/** A link could lead into a folder that others write to; whoever owns a folder can exchange what is in it. */
async function requireOwnFolder(folder: string): Promise<Stats | undefined> {
  const stats = await lstatIfExists(folder);
  if (stats === undefined) return undefined;
  if (!stats.isDirectory()) throw unsafe(folder, 'is not a folder');
  const user = geteuid?.();
  if (user !== undefined && stats.uid !== user) throw unsafe(folder, `belongs to the user ${stats.uid}, not to ${user}`);
  return stats;
}

function unsafe(folder: string, why: string): ProofError {
  return new ProofError('TRUST_CACHE_UNSAFE', `the trust cache ${folder} ${why}`, { details: { folder } });
}

function ignoreExisting(error: unknown): void {
  if (!isSystemError(error) || error.code !== 'EEXIST') throw error;
}
