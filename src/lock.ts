import { randomBytes } from 'node:crypto';
import { readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProofError } from './errors';
import { isSideName, publishByLink, publishLock, readLock, removeLock, sideName, type LockContent, type Publish } from './lock-file';
import { liveness, thisProcess, type Owner } from './lock-owner';

/** A lock that is held. */
export interface Lock {
  release(): Promise<void>;
}

export interface LockOptions {
  /** How long to wait for the lock, in ms; 0 tries once. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
  /** How the lock file comes to be; by link(2) unless set. */
  readonly publish?: Publish;
}

const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 40;
/** A process may be killed while it breaks a dead one's lock, and leaves the second lock: that is broken under a third. */
const MAX_DEPTH = 6;
/** For owners that cannot be seen from here (another container on the same folder): far longer than any lock is held. */
const UNSEEN_OWNER_MS = 15 * 60_000;

/**
 * Runs `run` while no other process that uses the same `file` runs its own. The lock of a process that died is taken over in
 * milliseconds; the lock of one that lives never is, however long it stands still (docs/decisions/0004-a-lock-published-by-link.md). The folder must exist.
 * @throws ProofError LOCK_TIMEOUT after `waitMs`, ABORTED
 */
export async function withLock<T>(file: string, options: LockOptions, run: () => Promise<T>): Promise<T> {
  const lock = await acquireLock(file, options);
  if (lock === undefined) {
    throw new ProofError('LOCK_TIMEOUT', `another process has held ${file} for more than ${options.waitMs} ms`, { details: { file } });
  }
  try {
    return await run();
  } finally {
    await lock.release();
  }
}

/**
 * The lock, or undefined when it could not be had within `waitMs`.
 * @throws ProofError ABORTED
 */
export function acquireLock(file: string, options: LockOptions): Promise<Lock | undefined> {
  return acquire(file, options, 0);
}

async function acquire(file: string, options: LockOptions, depth: number): Promise<Lock | undefined> {
  const self: LockContent = { ...(await thisProcess()), nonce: randomBytes(8).toString('hex') };
  const end = performance.now() + options.waitMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    const found = await readLock(file);
    if (found === undefined && (await publishLock(file, self, options.publish ?? publishByLink))) return { release: () => release(file, self) };
    if (found !== undefined && (await isDead(file, found, self)) && (await breakLock(file, found, self, options, depth))) continue;
    const left = end - performance.now();
    if (left <= 0) return undefined;
    await wait(Math.min(left, pause * (0.5 + Math.random() / 2)), file, options.signal);
  }
}

/** Looks at the signal instead of listening to it: pauses are short, and many may wait on one signal. */
async function wait(ms: number, file: string, signal: AbortSignal): Promise<void> {
  await sleep(ms);
  if (signal.aborted) throw new ProofError('ABORTED', `interrupted while waiting for ${file}`, { details: { file } });
}

async function release(file: string, self: LockContent): Promise<void> {
  if (sameLock(await readLock(file), self)) await removeLock(file);
}

/**
 * Removes the lock of a dead process: under a second lock, and only if it is still the same one. Without that, two processes that both
 * saw the dead one's lock would remove it one after the other, and the second would remove the lock that the first then took.
 */
async function breakLock(file: string, dead: LockContent | 'unreadable', self: Owner, options: LockOptions, depth: number): Promise<boolean> {
  if (depth >= MAX_DEPTH) return false;
  const second = await acquire(`${file}.break`, { ...options, waitMs: 0 }, depth + 1);
  if (second === undefined) return false;
  try {
    const found = await readLock(file);
    if (found === undefined) return true;
    if (!sameLock(found, dead)) return false;
    await removeLock(file);
    await removeLeftovers(file, self);
    return true;
  } finally {
    await second.release();
  }
}

function sameLock(a: LockContent | 'unreadable' | undefined, b: LockContent | 'unreadable'): boolean {
  if (a === undefined || a === 'unreadable' || b === 'unreadable') return a === b;
  return a.nonce === b.nonce && a.pid === b.pid;
}

async function isDead(file: string, found: LockContent | 'unreadable', self: Owner): Promise<boolean> {
  if (found === 'unreadable') return true;
  const state = await liveness(found, self);
  return state === 'unknown' ? isOld(file) : state === 'dead';
}

/** By the clock of the file system that holds the lock, which all that share it see alike. */
async function isOld(file: string): Promise<boolean> {
  const probe = sideName(file, 'new');
  try {
    await writeFile(probe, '', { flag: 'wx', mode: 0o600 });
    const [now, then] = await Promise.all([stat(probe), stat(file).catch(() => undefined)]);
    return then !== undefined && now.mtimeMs - then.mtimeMs > UNSEEN_OWNER_MS;
  } finally {
    await removeLock(probe);
  }
}

/** Removes what processes left beside the lock that were killed while they tried to get it. */
async function removeLeftovers(file: string, self: Owner): Promise<void> {
  const folder = path.dirname(file);
  for (const name of await readdir(folder)) {
    if (!isSideName(file, name)) continue;
    const leftover = path.join(folder, name);
    const content = await readLock(leftover);
    if (content !== undefined && content !== 'unreadable' && (await liveness(content, self)) === 'dead') await removeLock(leftover);
  }
}
