import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isSystemError } from './errors';
import type { Owner } from './lock-owner';

/** The content of a lock file. The nonce tells two locks of one process apart. */
export interface LockContent extends Owner {
  readonly nonce: string;
}

/** Makes `candidate` appear as `file`, complete, and only if nothing is there; false when something is. */
export type Publish = (candidate: string, file: string) => Promise<boolean>;

const GONE = ['ENOENT', 'ENOTDIR'];
const UNSUPPORTED = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EISDIR'];
/** What Windows reports while another process has the file open. */
const BUSY = path.sep === '\\' ? ['EPERM', 'EACCES', 'EBUSY'] : [];
const BUSY_ATTEMPTS = 20;

/** A name beside the lock file that nobody else uses. */
export const sideName = (file: string, kind: 'new' | 'old'): string => `${file}.${randomBytes(8).toString('hex')}.${kind}`;

/** True for names that `sideName` made for this lock file. */
export function isSideName(file: string, name: string): boolean {
  return name.startsWith(`${path.basename(file)}.`) && /^\.[0-9a-f]{16}\.(new|old)$/.test(name.slice(path.basename(file).length));
}

/** Publishes the lock; false when somebody has it. */
export async function publishLock(file: string, content: LockContent, publish: Publish): Promise<boolean> {
  const candidate = sideName(file, 'new');
  try {
    await writeFile(candidate, JSON.stringify(content), { flag: 'wx', mode: 0o600 });
    return await publish(candidate, file);
  } finally {
    await removeLock(candidate);
  }
}

/** By link(2), which fails when the name exists. */
export const publishByLink: Publish = async (candidate, file) => {
  try {
    await link(candidate, file);
    return true;
  } catch (error) {
    if (hasCode(error, ['EEXIST', ...BUSY])) return false;
    if (hasCode(error, UNSUPPORTED)) return publishByRename(candidate, file);
    throw error;
  }
};

/** For file systems without hard links (FAT, some network shares): a folder is never renamed over one that is not empty. */
export const publishByRename: Publish = async (candidate, file) => {
  const folder = sideName(file, 'new');
  await mkdir(folder, { mode: 0o700 });
  try {
    await rename(candidate, path.join(folder, 'owner'));
    await rename(folder, file);
    return true;
  } catch (error) {
    if (hasCode(error, ['EEXIST', 'ENOTEMPTY', 'ENOTDIR', ...BUSY])) return false;
    throw error;
  } finally {
    await removeLock(folder);
  }
};

/**
 * The content of a lock; undefined when there is none. `unreadable` was never published by a process that still runs, for locks appear with
 * their content: it is left from a machine that stopped.
 */
export async function readLock(file: string): Promise<LockContent | 'unreadable' | undefined> {
  const text = await readContent(file);
  if (text === undefined) return undefined;
  try {
    const { pid, start, boot, space, host, nonce } = JSON.parse(text) as LockContent;
    const isComplete = Number.isSafeInteger(pid) && pid > 0 && [start, boot, space, host, nonce].every((field) => typeof field === 'string');
    return isComplete ? { pid, start, boot, space, host, nonce } : 'unreadable';
  } catch {
    return 'unreadable';
  }
}

async function readContent(file: string): Promise<string | undefined> {
  try {
    return await retryBusy(() => readFile(file, 'utf8'));
  } catch (error) {
    if (hasCode(error, GONE)) return undefined;
    // The lock is a folder. One without a file in it is being removed, or was left when its removal was cut short.
    if (hasCode(error, ['EISDIR'])) return readFile(path.join(file, 'owner'), 'utf8').catch(() => '');
    throw error;
  }
}

/** Removes a lock, candidate or what is left of one: in one step, as others see it. */
export async function removeLock(file: string): Promise<void> {
  try {
    await retryBusy(() => unlink(file));
  } catch (error) {
    if (hasCode(error, GONE)) return;
    const aside = sideName(file, 'old');
    await rename(file, aside);
    await rm(aside, { recursive: true, force: true });
  }
}

async function retryBusy<T>(action: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      if (!hasCode(error, BUSY) || attempt >= BUSY_ATTEMPTS) throw error;
      await sleep(attempt);
    }
  }
}

const hasCode = (error: unknown, codes: readonly string[]): boolean => isSystemError(error) && codes.includes(error.code);
