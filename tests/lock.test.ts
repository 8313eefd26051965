import { mkdir, mkdtemp, readFile, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lstatIfExists } from '../src/files';
import { acquireLock, withLock } from '../src/lock';
import { publishByLink, publishByRename, publishLock, readLock, removeLock } from '../src/lock-file';
import { thisProcess, type Owner } from '../src/lock-owner';
import { bundleProgram, printed, startProgram, type Run } from './support/processes/run';

const signal = new AbortController().signal;
const now = { waitMs: 0, signal };
const NOBODY = 2 ** 22 + 1;

let program: { file: string; remove: () => Promise<void> };
let folder: string;
let lock: string;
const runs: Run[] = [];

beforeAll(async () => {
  program = await bundleProgram(path.join(import.meta.dirname, 'support/processes/lock-turns.ts'));
});
afterAll(() => program.remove());
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'nx-proof-lock-'));
  lock = path.join(folder, 'lock');
  await writeFile(path.join(folder, 'state'), '');
});
afterEach(async () => {
  for (const run of runs.splice(0)) {
    run.child.kill('SIGKILL');
    await run.ended;
  }
  await rm(folder, { recursive: true, force: true });
});

const start = (...args: string[]): Run => {
  const run = startProgram(program.file, [folder, ...args]);
  runs.push(run);
  return run;
};

const tokens = (text: string): string[] => text.split('\n').slice(0, -1);
const state = async (): Promise<string[]> => tokens(await readFile(path.join(folder, 'state'), 'utf8'));

/** Leaves a lock whose owner was killed while it held it. */
async function leaveStaleLock(publish = 'link'): Promise<void> {
  const holder = start('hold', '', publish);
  await printed(holder, 'held');
  holder.child.kill('SIGKILL');
  await holder.ended;
  expect(await lstatIfExists(lock)).toBeDefined();
}

const ownerWith = async (change: Partial<Owner>) => ({ ...(await thisProcess()), ...change, nonce: 'f'.repeat(16) });
const leave = async (change: Partial<Owner>): Promise<void> => {
  expect(await publishLock(lock, await ownerWith(change), publishByLink)).toBe(true);
};

describe('withLock, used by many processes', () => {
  it('loses no update when 50 processes take 4 turns each, with a stale lock present', async () => {
    await leaveStaleLock();
    const ends = await Promise.all(Array.from({ length: 50 }, () => start('turns', '4').ended));
    expect(ends.map(({ code, stderr }) => ({ code, stderr })).filter(({ code }) => code !== 0)).toEqual([]);
    const done = await state();
    expect(done).toHaveLength(200);
    expect(new Set(done).size).toBe(200);
    expect(await readdir(folder)).toEqual(['state']);
  });

  it('loses no update and does not stop when processes are killed at random', async () => {
    const all = Array.from({ length: 24 }, () => start('turns', '12'));
    for (const victim of all.slice(0, 16)) {
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 60));
      victim.child.kill('SIGKILL');
    }
    const ends = await Promise.all(all.map(({ ended }) => ended));
    expect(ends.slice(16).map(({ code }) => code)).toEqual(Array.from({ length: 8 }, () => 0));
    const done = await state();
    expect(new Set(done).size).toBe(done.length);
    expect(ends.flatMap(({ stdout }) => tokens(stdout)).filter((token) => !done.includes(token))).toEqual([]);
  });

  it('never lets a second in while the event loop of the holder stands still', async () => {
    const holder = start('block', '1500');
    await printed(holder, 'held');
    await utimes(lock, new Date(0), new Date(0));
    await withLock(lock, { waitMs: 20_000, signal }, async () => {
      expect(await lstatIfExists(path.join(folder, 'released'))).toBeDefined();
    });
  });
});

describe.each([
  ['link', publishByLink],
  ['rename', publishByRename],
])('a lock published by %s', (name, publish) => {
  const options = { ...now, publish };

  it('is held by one and free after its release', async () => {
    const first = await acquireLock(lock, options);
    expect(first).toBeDefined();
    expect(await acquireLock(lock, options)).toBeUndefined();
    await first?.release();
    const second = await acquireLock(lock, options);
    expect(second).toBeDefined();
    await second?.release();
    expect(await readdir(folder)).toEqual(['state']);
  });

  it('is taken over soon after its owner was killed', async () => {
    await leaveStaleLock(name);
    const begin = performance.now();
    const taken = await acquireLock(lock, { waitMs: 5000, signal, publish });
    expect(taken).toBeDefined();
    expect(performance.now() - begin).toBeLessThan(2000);
    await taken?.release();
  });

  it('loses no update', async () => {
    const ends = await Promise.all(Array.from({ length: 8 }, () => start('turns', '5', name).ended));
    expect(ends.map(({ code }) => code)).toEqual(Array.from({ length: 8 }, () => 0));
    expect(new Set(await state()).size).toBe(40);
  });

  it('gives way to one of the other kind', async () => {
    const held = await acquireLock(lock, options);
    expect(await acquireLock(lock, { ...now, publish: publish === publishByLink ? publishByRename : publishByLink })).toBeUndefined();
    await held?.release();
  });
});

describe('acquireLock', () => {
  it('is released also when the work fails', async () => {
    await expect(withLock(lock, now, () => Promise.reject(new Error('work failed')))).rejects.toThrow('work failed');
    expect(await lstatIfExists(lock)).toBeUndefined();
  });

  it('says which file when the wait is over, and does not break the lock', async () => {
    const held = await acquireLock(lock, now);
    await expect(withLock(lock, { waitMs: 30, signal }, () => Promise.resolve())).rejects.toMatchObject({ code: 'LOCK_TIMEOUT', details: { file: lock } });
    await held?.release();
  });

  it('stops waiting when interrupted', async () => {
    const held = await acquireLock(lock, now);
    await expect(acquireLock(lock, { waitMs: 60_000, signal: AbortSignal.timeout(30) })).rejects.toMatchObject({ code: 'ABORTED' });
    await held?.release();
  });

  it.each<[string, Partial<Owner>]>([
    ['a process that is gone', { pid: NOBODY }],
    ['a process whose number another has now', { start: '1' }],
    ['a process from before the machine was restarted', { boot: 'another', start: '1' }],
  ])('takes over the lock of %s', async (_, change) => {
    await leave(change);
    const taken = await acquireLock(lock, { waitMs: 1000, signal });
    expect(taken).toBeDefined();
    await taken?.release();
  });

  it.runIf(process.platform === 'linux')('takes over the lock of a zombie', async () => {
    const parent = startProgram('-e', [
      // Never looks after its child.
      `const child = require('node:child_process').spawn(process.execPath, ['-e', '0']); process.stdout.write(child.pid + '\\n');
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20000);`,
    ]);
    runs.push(parent);
    await printed(parent, '\n');
    const pid = Number(parent.stdout());
    const stat = async (): Promise<string[]> => (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
    while ((await stat())[0] !== 'Z') await new Promise((resolve) => setTimeout(resolve, 10));
    await leave({ pid, start: (await stat())[19]! });
    const taken = await acquireLock(lock, { waitMs: 1000, signal });
    expect(taken).toBeDefined();
    await taken?.release();
  });

  it.each<[string, Partial<Owner>]>([
    ['its own process', {}],
    ['a process of which only the number is known', { start: '', pid: process.ppid }],
    ['a process of another machine', { host: 'another', pid: NOBODY }],
    ['a process of another container', { space: 'pid:[1]', pid: NOBODY }],
  ])('leaves the lock of %s alone', async (_, change) => {
    await leave(change);
    expect(await acquireLock(lock, { waitMs: 100, signal })).toBeUndefined();
  });

  it('takes over the lock of another container once it is far older than any work takes', async () => {
    await leave({ space: 'pid:[1]', pid: NOBODY });
    await utimes(lock, new Date(), new Date(Date.now() - 14 * 60_000));
    expect(await acquireLock(lock, now)).toBeUndefined();
    await utimes(lock, new Date(), new Date(Date.now() - 16 * 60_000));
    const taken = await acquireLock(lock, { waitMs: 1000, signal });
    expect(taken).toBeDefined();
    await taken?.release();
  });

  it.each(['', '{', '{"pid":"1"}', 'null'])('takes over a lock with the content %j, left by a machine that stopped', async (content) => {
    await writeFile(lock, content);
    expect(await acquireLock(lock, { waitMs: 1000, signal })).toBeDefined();
  });

  it('takes over a lock folder whose removal was cut short', async () => {
    await mkdir(lock);
    expect(await acquireLock(lock, { waitMs: 1000, signal })).toBeDefined();
  });

  it('recovers when processes were killed while they broke locks', async () => {
    const dead = await ownerWith({ pid: NOBODY });
    for (const name of [lock, `${lock}.break`, `${lock}.break.break`]) await writeFile(name, JSON.stringify(dead));
    await writeFile(`${lock}.0123456789abcdef.new`, JSON.stringify(dead));
    await writeFile(`${lock}.fedcba9876543210.new`, JSON.stringify(await thisProcess().then((own) => ({ ...own, nonce: '' }))));
    const taken = await acquireLock(lock, { waitMs: 1000, signal });
    expect(taken).toBeDefined();
    await taken?.release();
    expect(await readdir(folder)).toEqual(['lock.fedcba9876543210.new', 'state']);
  });

  it('breaks a lock only while nobody else does', async () => {
    await leave({ pid: NOBODY });
    const breaking = await acquireLock(`${lock}.break`, now);
    expect(await acquireLock(lock, { waitMs: 100, signal })).toBeUndefined();
    expect(await readLock(lock)).toMatchObject({ pid: NOBODY });
    await breaking?.release();
    expect(await acquireLock(lock, { waitMs: 1000, signal })).toBeDefined();
  });

  it('gives up on locks that were broken into too often, rather than guess', async () => {
    const dead = await ownerWith({ pid: NOBODY });
    for (let depth = 0; depth <= 6; depth += 1) await writeFile(`${lock}${'.break'.repeat(depth)}`, JSON.stringify(dead));
    expect(await acquireLock(lock, { waitMs: 50, signal })).toBeUndefined();
  });

  it('does not remove a lock that somebody else has taken meanwhile', async () => {
    const held = await acquireLock(lock, now);
    await removeLock(lock);
    await leave({ pid: process.ppid, start: '' });
    await held?.release();
    expect(await readLock(lock)).toMatchObject({ pid: process.ppid });
  });

  it('says so when the folder is missing', async () => {
    await expect(acquireLock(path.join(folder, 'none', 'lock'), now)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('the lock file', () => {
  it('is published as a folder where the file system has no hard links', async () => {
    // Folders cannot be linked: the same error as on FAT.
    const candidate = path.join(folder, 'candidate');
    await mkdir(candidate);
    expect(await publishByLink(candidate, lock)).toBe(true);
    expect(await readdir(lock)).toEqual(['owner']);
    await mkdir(candidate);
    expect(await publishByLink(candidate, lock)).toBe(false);
  });

  it.each([publishByLink, publishByRename])('says so when it cannot be published', async (publish) => {
    await expect(publish(path.join(folder, 'none'), lock)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readdir(folder)).toEqual(['state']);
  });

  it('says so when it cannot be read or removed', async () => {
    await symlink('loop', path.join(folder, 'loop'));
    await expect(readLock(path.join(folder, 'loop'))).rejects.toMatchObject({ code: 'ELOOP' });
    await expect(removeLock(path.join(folder, 'loop', 'x'))).rejects.toMatchObject({ code: 'ELOOP' });
    await removeLock(path.join(folder, 'none'));
    expect(await readLock(path.join(folder, 'state', 'x'))).toBeUndefined();
  });
});
