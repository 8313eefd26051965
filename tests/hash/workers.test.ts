import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import os, { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHasher, type HasherNote } from '../../src/hash';
import { COSTS } from '../../src/hash/cost';
import { WorkerPool } from '../../src/hash/pool';
import { collect, never, sha256, workspaceOf, write } from './workspace';
import { EAGER, WorkerSetup } from './workers';

const setup = new WorkerSetup();
/** Hashes the files of argv in a process of its own, and never closes the hasher: prints digests, notes and errors as JSON. */
const CHILD = `
  import { createHasher } from './src/hash';
  const [workerFile, root, concurrency, ...paths] = process.argv.slice(2);
  const notes = [];
  const costs = { fileMs: 0.05, byteMs: 1 / 1_600_000, startMs: 0, worthMs: 0, messageMs: 0 };
  const hasher = createHasher({ workerFile, concurrency: Number(concurrency), costs, onNote: (note) => notes.push(note) });
  const list = Array.from({ length: 2000 }, () => paths).flat();
  const digests = new Set();
  (async () => {
    for await (const { sha256 } of hasher.hash(root, list, { signal: new AbortController().signal })) digests.add(sha256);
    console.log(JSON.stringify({ digests: [...digests], notes }));
  })().catch((error) => { console.log(JSON.stringify({ code: error.code, message: error.message })); });
`;
let folder: string;
let child: string;

beforeAll(async () => {
  await setup.compile();
  folder = mkdtempSync(path.join(tmpdir(), 'nx-proof-child-'));
  child = path.join(folder, 'child.cjs');
  await build({ stdin: { contents: CHILD, resolveDir: process.cwd(), loader: 'ts' }, outfile: child, bundle: true, platform: 'node', target: 'node20', format: 'cjs', logLevel: 'error' });
});
afterAll(() => {
  setup.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Many files of a few bytes, and their digests in order. */
function manyFiles(count: number): { root: string; files: string[]; digests: string[] } {
  const files = Array.from({ length: count }, (_, index) => `d${index % 7}/f${index}`).sort();
  return { root: workspaceOf(Object.fromEntries(files.map((file) => [file, file]))), files, digests: files.map((file) => sha256(file)) };
}

async function hashed(options: Parameters<typeof createHasher>[0], root: string, files: readonly string[]): Promise<string[]> {
  const hasher = createHasher(options);
  try {
    return (await collect(hasher.hash(root, files, { signal: never }))).map((digest) => digest.sha256);
  } finally {
    await hasher.close();
  }
}

/** The source of a worker that dies with its first order, be it every one or the one that gets to make `marker`. */
function dyingWorker(marker?: string): string {
  const file = path.join(folder, `dying-${Math.random().toString(36).slice(2)}.cjs`);
  const isOne = marker === undefined ? 'true' : `(() => { try { require('node:fs').writeFileSync(${JSON.stringify(marker)}, '', { flag: 'wx' }); return true; } catch { return false; } })()`;
  const text = `const { parentPort } = require('node:worker_threads');
if (${isOne}) { parentPort.on('message', () => process.exit(7)); parentPort.postMessage('ready'); } else require(${JSON.stringify(setup.file)});`;
  writeFileSync(file, text);
  return file;
}

describe('workers', () => {
  it('when there are few files, none are started', async () => {
    const notes: HasherNote[] = [];
    const { root, files, digests } = manyFiles(100);
    expect(await hashed({ workerFile: setup.file, onNote: (note) => notes.push(note) }, root, files)).toEqual(digests);
    expect(notes).toEqual([]);
  });

  it.runIf(os.availableParallelism() > 1)('when there are many files, they are started, and say so', async () => {
    const notes: HasherNote[] = [];
    const { root, files, digests } = manyFiles(3000);
    expect(await hashed({ workerFile: setup.file, onNote: (note) => notes.push(note) }, root, files)).toEqual(digests);
    expect(notes).toEqual([{ level: 'debug', message: expect.stringMatching(/^hashing with [2-4] worker threads$/) as string }]);
  });

  it.each([
    ['workers are switched off', { workers: 0 }],
    ['there may be a single one', { workers: 1 }],
    ['a single file may be open', { concurrency: 1 }],
  ])('when %s, none are started, silently', async (_, options) => {
    const notes: HasherNote[] = [];
    const { root, files, digests } = manyFiles(300);
    expect(await hashed({ workerFile: setup.file, costs: EAGER, onNote: (note) => notes.push(note), ...options }, root, files)).toEqual(digests);
    expect(notes).toEqual([]);
  });

  it.each([
    ['is missing', () => undefined, /^hashing without worker threads, which is slower: Cannot find module/],
    ['is broken', () => 'throw new Error("broken")', /^hashing without worker threads, which is slower: broken$/],
    ['ends at once', () => '', /^hashing without worker threads, which is slower: the worker ended with exit code 0$/],
  ])('when its file %s, everything is hashed without it, and that is said once', async (_, text, message) => {
    const notes: HasherNote[] = [];
    const { root, files, digests } = manyFiles(1000);
    const workerFile = path.join(folder, `worker-${Math.random().toString(36).slice(2)}.cjs`);
    const content = text();
    if (content !== undefined) writeFileSync(workerFile, content);
    expect(await hashed({ workerFile, costs: EAGER, onNote: (note) => notes.push(note) }, root, files)).toEqual(digests);
    expect(notes).toEqual([{ level: 'warn', message: expect.stringMatching(message) as string }]);
  });

  it('when it is not told where their file is, it looks beside the compiled package, and goes on without', async () => {
    const notes: HasherNote[] = [];
    const { root, files, digests } = manyFiles(1000);
    expect(await hashed({ costs: EAGER, onNote: (note) => notes.push(note) }, root, files)).toEqual(digests);
    expect(notes).toEqual([{ level: 'warn', message: expect.stringContaining('ENOENT') as string }]);
  });

  it('when one dies, its work is done by another', async () => {
    const { root, files, digests } = manyFiles(2000);
    const workerFile = dyingWorker(path.join(folder, 'died'));
    expect(await hashed({ workerFile, costs: EAGER }, root, files)).toEqual(digests);
    expect(() => writeFileSync(path.join(folder, 'died'), '', { flag: 'wx' })).toThrow('EEXIST');
  });

  it('when those that take over die too, it fails and says why', async () => {
    const { root, files } = manyFiles(2000);
    await expect(hashed({ workerFile: dyingWorker(), costs: EAGER }, root, files)).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'a worker thread died while it hashed, and so did the one that took over: the worker ended with exit code 7',
    });
  });

  it('when the hasher is closed while they work, the work ends with ABORTED', async () => {
    const { hasher, ready } = setup.eager();
    const root = workspaceOf({ a: '', big: '' });
    truncateSync(path.join(root, 'big'), 100_000_000_000);
    const endless = function* (): Generator<string> {
      for (;;) yield 'a';
    };
    const work = collect(hasher.hash(root, endless(), { signal: never }));
    work.catch(() => undefined);
    await ready;
    await hasher.close();
    await expect(work).rejects.toMatchObject({ code: 'ABORTED' });
    await hasher.close();
  });

  it('when several large files come together, some of them are hashed elsewhere', async () => {
    const root = workspaceOf({});
    const files = Array.from({ length: 6 }, (_, index) => `large${index}`);
    for (const file of files) {
      write(root, file);
      truncateSync(path.join(root, file), 24 * 1024 * 1024);
    }
    const notes: HasherNote[] = [];
    const costs = { ...COSTS, startMs: 0, worthMs: 0 };
    const digests = await hashed({ workerFile: setup.file, costs, onNote: (note) => notes.push(note) }, root, files);
    expect(new Set(digests)).toEqual(new Set([sha256(Buffer.alloc(24 * 1024 * 1024))]));
    expect(digests).toHaveLength(6);
    expect(notes).toMatchObject([{ level: 'debug' }]);
  });

  it('when the read bytes are asked for, those of the workers count', async () => {
    const { hasher, ready } = setup.eager();
    const { root, files } = manyFiles(2000);
    await collect(hasher.hash(root, files, { signal: never }));
    await ready;
    expect(hasher.bytesRead).toBe(files.reduce((sum, file) => sum + file.length, 0));
    await hasher.close();
  });
});

describe('WorkerPool', () => {
  it('when it has no workers any more, it refuses', async () => {
    const pool = new WorkerPool(setup.file, () => undefined);
    const job = { root: '/', paths: 'a', stop: new Int32Array(new SharedArrayBuffer(4)) };
    await expect(pool.run(job)).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});

describe('a process that hashes', () => {
  const run = (execArgv: readonly string[], root: string, concurrency = 16): { result: SpawnSyncReturns<string>; output: Record<string, unknown> } => {
    const result = spawnSync(process.execPath, [...execArgv, child, setup.file, root, String(concurrency), 'a', 'b'], { encoding: 'utf8', timeout: 50_000 });
    return { result, output: JSON.parse(result.stdout) as Record<string, unknown> };
  };

  it('ends by itself when its hasher is never closed', () => {
    const { result, output } = run([], workspaceOf({ a: 'x', b: 'y' }));
    expect(result.status).toBe(0);
    expect(output).toEqual({ digests: [sha256('x'), sha256('y')], notes: [{ level: 'debug', message: expect.stringContaining('worker threads') as string }] });
  });

  it('hashes without workers where the permission model forbids them, and says so', () => {
    const flag = Number(process.versions.node.split('.')[0]) < 22 ? '--experimental-permission' : '--permission';
    const { output } = run([flag, '--allow-fs-read=*'], workspaceOf({ a: 'x', b: 'y' }));
    expect(output).toEqual({ digests: [sha256('x'), sha256('y')], notes: [{ level: 'warn', message: expect.stringContaining('without worker threads') as string }] });
  });

  it.runIf(process.platform === 'linux').each([
    ['workers', 600],
    ['no workers', 600],
  ])('waits for a descriptor when it may have few open files (%s)', (which, concurrency) => {
    const root = workspaceOf({ a: 'x', b: 'y' });
    const worker = which === 'workers' ? setup.file : '/nowhere';
    const script = 'ulimit -n 48; exec "$0" "$@"';
    const result = spawnSync('sh', ['-c', script, process.execPath, child, worker, root, String(concurrency), 'a', 'b'], { encoding: 'utf8', timeout: 50_000 });
    expect(JSON.parse(result.stdout)).toMatchObject({ digests: [sha256('x'), sha256('y')] });
  });
});
