import { execFileSync } from 'node:child_process';
import { appendFileSync, closeSync, createReadStream, openSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { createHash } from 'node:crypto';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Hasher, HashOptions } from '../../src/hash';
import { LARGEST_BATCH, MAX_AHEAD } from '../../src/hash/run';
import type { FileDigest } from '../../src/model/digest';
import { trees } from './trees';
import { collect, naiveSha256, naiveWalk, never, sha256, workspaceOf, write } from './workspace';

const POSIX = path.sep === '/';
const MB = 1024 * 1024;

async function streamed(file: string, algorithm: string): Promise<string> {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}

/** A file of `bytes` zero bytes that takes no space on the disk. */
function sparse(root: string, file: string, bytes: number): void {
  write(root, file);
  truncateSync(path.join(root, file), bytes);
}

/** Paths of the open files below `root`, as Linux lists them. */
const openFiles = (root: string): string[] =>
  readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return '';
      }
    })
    .filter((file) => file.startsWith(root));

/** Does `change` every few milliseconds for as long as the promise is pending. */
async function whileChanging<T>(change: () => void, pending: Promise<T>): Promise<T> {
  const timer = setInterval(change, 3);
  try {
    return await pending;
  } finally {
    clearInterval(timer);
  }
}

/** What every Hasher does, whatever reads the files for it. */
export function describeHasher(name: string, createHasher: (options?: { concurrency?: number }) => Hasher): void {
  const made: Hasher[] = [];
  const create = (options?: { concurrency?: number }): Hasher => {
    const hasher = createHasher(options);
    made.push(hasher);
    return hasher;
  };
  afterEach(async () => void (await Promise.all(made.splice(0).map((hasher) => hasher.close()))));
  const hash = async (root: string, paths: Iterable<string> | AsyncIterable<string>, options: Partial<HashOptions> = {}): Promise<FileDigest[]> => {
    const hasher = create();
    try {
      return await collect(hasher.hash(root, paths, { signal: never, ...options }));
    } finally {
      await hasher.close();
    }
  };

  describe(name, () => {
    describe('digests', () => {
      it('when files have any names and contents, it agrees with a hasher that reads them whole', async () => {
        const hashers: Hasher[] = [];
        await fc.assert(
          fc.asyncProperty(trees(), fc.integer({ min: 1, max: 9 }), async (tree, concurrency) => {
            const root = workspaceOf(tree);
            const files = naiveWalk(root, '.');
            const hasher = (hashers[concurrency] ??= create({ concurrency }));
            const digests = await collect(hasher.hash(root, files, { signal: never }));
            expect(digests).toEqual(files.map((file) => ({ path: file, size: Buffer.byteLength(tree[file]!), sha256: naiveSha256(root, file) })));
          }),
          { numRuns: 100 },
        );
      });

      it.each([0, 1, 64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, MB - 1, MB, MB + 1, 2 * MB, 3 * MB + 7])('when a file has %d bytes, it digests all of them', async (size) => {
        const content = Buffer.alloc(size, 'nx-proof ');
        const root = workspaceOf({ file: content });
        expect(await hash(root, ['file'], { sha512: true })).toEqual([
          { path: 'file', size, sha256: sha256(content), sha512: createHash('sha512').update(content).digest('hex') },
        ]);
      });

      it('when sha512 is not asked for, there is none', async () => {
        const [digest] = await hash(workspaceOf({ a: 'x' }), ['a']);
        expect(Object.keys(digest!)).toEqual(['path', 'size', 'sha256']);
      });

      it('when large and small files alternate, the results keep the order given', async () => {
        const root = workspaceOf({ 'z-small': 'x', small: 'y', 'a/small': 'z' });
        sparse(root, 'large', 40 * MB);
        sparse(root, 'larger', 50 * MB);
        const order = ['large', 'z-small', 'larger', 'small', 'large', 'a/small', 'z-small'];
        const digests = await hash(root, order);
        expect(digests.map((digest) => digest.path)).toEqual(order);
        expect(digests[2]!.sha256).toBe(await streamed(path.join(root, 'larger'), 'sha256'));
      });

      it('when there are no paths, there are no digests', async () => {
        expect(await hash(workspaceOf({}), [])).toEqual([]);
      });

      it('when it is asked twice at once, each gets its own files', async () => {
        const files = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`f${String(index)}`, `content ${String(index)}`]));
        const root = workspaceOf(files);
        const hasher = create({ concurrency: 2 });
        const [forward, backward] = await Promise.all([Object.keys(files), Object.keys(files).reverse()].map((paths) => collect(hasher.hash(root, paths, { signal: never }))));
        expect(forward!.map((digest) => digest.sha256)).toEqual(Object.values(files).map((content) => sha256(content)));
        expect(backward).toEqual([...forward!].reverse());
      });
    });

    describe('streaming', () => {
      it('when the consumer waits, no more than MAX_AHEAD paths and those of one message are taken', async () => {
        let taken = 0;
        const root = workspaceOf({ a: 'x' });
        const endless = function* (): Generator<string> {
          for (;;) {
            taken += 1;
            yield 'a';
          }
        };
        const digests = create({ concurrency: 3 }).hash(root, endless(), { signal: never })[Symbol.asyncIterator]();
        await digests.next();
        await new Promise((resolve) => setTimeout(resolve, 300));
        expect(taken).toBeLessThanOrEqual(MAX_AHEAD + LARGEST_BATCH);
        for (let given = 1; given < 1000; given += 1) await digests.next();
        expect(taken).toBeLessThanOrEqual(MAX_AHEAD + 1000 + LARGEST_BATCH);
        await digests.return?.();
      });

      it('when the consumer stops early, the source is told and no file stays open', async () => {
        const root = workspaceOf({ a: 'x' });
        sparse(root, 'big', 100_000 * MB); // more than a test has time to read
        let ended = false;
        const source = async function* (): AsyncGenerator<string> {
          try {
            yield 'a';
            for (;;) yield await Promise.resolve('big');
          } finally {
            ended = true;
          }
        };
        for await (const digest of create({ concurrency: 4 }).hash(root, source(), { signal: never })) {
          expect(digest.path).toBe('a');
          break;
        }
        expect(ended).toBe(true);
        if (process.platform === 'linux') expect(openFiles(root)).toEqual([]);
      });

      it('when a file fails, the ones before it are given out, the source is told and no file stays open', async () => {
        const root = workspaceOf({ a: 'x', b: 'y' });
        sparse(root, 'big', 100 * MB);
        let ended = false;
        const source = async function* (): AsyncGenerator<string> {
          try {
            yield* ['a', 'big', 'missing', 'missing too'];
            for (;;) yield await Promise.resolve('big');
          } finally {
            ended = true;
          }
        };
        const seen: string[] = [];
        const run = async (): Promise<void> => {
          for await (const digest of create({ concurrency: 4 }).hash(root, source(), { signal: never })) seen.push(digest.path);
        };
        await expect(run()).rejects.toMatchObject({ code: 'IO_ERROR', details: { path: 'missing', errno: 'ENOENT' } });
        expect(seen).toEqual(['a', 'big']);
        expect(ended).toBe(true);
        if (process.platform === 'linux') expect(openFiles(root)).toEqual([]);
      });

      it('when the source fails, its error comes through and no file stays open', async () => {
        const root = workspaceOf({ a: 'x' });
        const source = async function* (): AsyncGenerator<string> {
          yield await Promise.resolve('a');
          throw new Error('source');
        };
        await expect(hash(root, source())).rejects.toThrow('source');
        if (process.platform === 'linux') expect(openFiles(root)).toEqual([]);
      });
    });

    describe('links and other kinds', () => {
      it.each([
        ['a link to a file', 'target', 'link', 'link'],
        ['a link to nothing', 'nowhere', 'link', 'link'],
      ])('when the path is %s, it refuses', async (_, target, link, named) => {
        const root = workspaceOf({ target: 'x' });
        symlinkSync(path.join(root, target), path.join(root, link));
        await expect(hash(root, ['target', link])).rejects.toMatchObject({ code: 'ARTIFACT_SYMLINK', message: `"${named}" is a symbolic link`, details: { path: named } });
      });

      it.each(['x', 'sub/x'])('when a folder above %s is a link, it refuses and names that', async (file) => {
        const root = workspaceOf({ 'a/real/x': '', 'a/real/sub/x': '', 'a/r/x': '' });
        symlinkSync(path.join(root, 'a/real'), path.join(root, 'a/link'));
        await expect(hash(root, ['a/r/x', 'a/real/x', `a/link/${file}`])).rejects.toMatchObject({ code: 'ARTIFACT_SYMLINK', details: { path: 'a/link' } });
      });

      it('when a file is replaced by a link after it was listed, it refuses', async () => {
        const root = workspaceOf({ 'd/a': 'x', 'd/b': 'y', secret: 'z' });
        const source = function* (): Generator<string> {
          yield 'd/a';
          rmSync(path.join(root, 'd/b'));
          symlinkSync(path.join(root, 'secret'), path.join(root, 'd/b'));
          yield 'd/b';
        };
        await expect(hash(root, source())).rejects.toMatchObject({ code: 'ARTIFACT_SYMLINK', details: { path: 'd/b' } });
      });

      it('when the path is a folder, it refuses', async () => {
        const root = workspaceOf({ 'd/a': 'x' });
        await expect(hash(root, ['d'])).rejects.toMatchObject({ code: 'ARTIFACT_KIND', details: { path: 'd' } });
        if (process.platform === 'linux') expect(openFiles(root)).toEqual([]);
      });

      it.runIf(POSIX)('when the path is a pipe, it refuses without waiting for a writer', async () => {
        const root = workspaceOf({});
        execFileSync('mkfifo', [path.join(root, 'pipe')]);
        await expect(hash(root, ['pipe'])).rejects.toMatchObject({ code: 'ARTIFACT_KIND', details: { path: 'pipe' } });
      });

      it.runIf(process.platform === 'linux')('when the path is a device, it refuses', async () => {
        await expect(hash('/dev', ['zero'])).rejects.toMatchObject({ code: 'ARTIFACT_KIND', details: { path: 'zero' } });
      });
    });

    describe('changes', () => {
      const changes: [string, (file: string) => void][] = [
        ['grows', (file) => appendFileSync(file, 'x')],
        ['shrinks', (file) => truncateSync(file, 64 * MB + Math.floor(Math.random() * MB))],
        [
          'is written over with the same size',
          (file) => {
            const fd = openSync(file, 'r+');
            writeSync(fd, 'x', 0);
            closeSync(fd);
          },
        ],
        [
          'is replaced by another of the same size',
          (file) => {
            writeFileSync(`${file}.new`, '');
            truncateSync(`${file}.new`, 256 * MB);
            renameSync(`${file}.new`, file);
          },
        ],
      ];

      it.each(changes.slice(0, 3))('when a file %s while it is read, it refuses the digest', async (_, change) => {
        const root = workspaceOf({});
        sparse(root, 'big', 256 * MB);
        const file = path.join(root, 'big');
        await expect(whileChanging(() => change(file), hash(root, ['big']))).rejects.toMatchObject({
          code: 'FILE_CHANGED',
          message: '"big" changed while it was read',
          details: { path: 'big' },
        });
      });

      it.each(changes.slice(3))('when a file %s while it is read, it gives no digest of a mixture', async (_, change) => {
        const root = workspaceOf({});
        sparse(root, 'big', 256 * MB);
        const expected = await streamed(path.join(root, 'big'), 'sha256');
        // The inode being read loses its name, which changes its ctime.
        const outcome = await whileChanging(() => change(path.join(root, 'big')), hash(root, ['big'])).catch((error: { code?: string }) => error.code);
        if (typeof outcome !== 'string') expect(outcome).toMatchObject([{ sha256: expected }]);
        else expect(outcome).toBe('FILE_CHANGED');
      });

      it.runIf(process.platform === 'linux')('when more can be read than the file says that it has, it refuses', async () => {
        await expect(hash('/proc', ['version'])).rejects.toMatchObject({ code: 'FILE_CHANGED' });
      });
    });

    describe('files that cannot be read', () => {
      it.each([
        ['missing', 'ENOENT'],
        ['no/folder/missing', 'ENOENT'],
        ['a/b', 'ENOTDIR'],
        ['a/b/c', 'ENOTDIR'],
        ['x'.repeat(300), 'ENAMETOOLONG'],
        [`${'x'.repeat(300)}/y`, 'ENAMETOOLONG'],
      ])('when the path is %s, it reports IO_ERROR with %s and the path', async (file, errno) => {
        const root = workspaceOf({ a: 'x' });
        await expect(hash(root, ['a', file])).rejects.toMatchObject({ code: 'IO_ERROR', message: `"${file}" cannot be read: ${errno}`, details: { path: file, errno } });
      });

      it.runIf(POSIX && process.getuid?.() !== 0)('when a file may not be read, it reports IO_ERROR', async () => {
        const root = workspaceOf({ a: 'x' });
        execFileSync('chmod', ['000', path.join(root, 'a')]);
        await expect(hash(root, ['a'])).rejects.toMatchObject({ code: 'IO_ERROR', details: { path: 'a', errno: 'EACCES' } });
      });

      it.runIf(POSIX)('when the name has control characters, the message shows them escaped', async () => {
        await expect(hash(workspaceOf({}), ['a\u001b[2K\rb'])).rejects.toMatchObject({ message: '"a\\x1b[2K\\x0db" cannot be read: ENOENT', details: { path: 'a\u001b[2K\rb' } });
      });
    });

    describe('paths', () => {
      it.each(['../secret', 'd/../../secret', '/etc/hostname', '', '.', '..', 'd//a', './d/a', 'd/a/'])('when the path is "%s", it refuses', async (file) => {
        const root = path.join(workspaceOf({ secret: 'x', 'root/d/a': '' }), 'root');
        await expect(hash(root, [file])).rejects.toMatchObject({ code: 'PATH_OUTSIDE', details: { path: file } });
      });

      it.each(['a\nb', 'a\0b', 'a\ud800'])('when the path is %j, it refuses', async (file) => {
        const root = workspaceOf({ 'a\ufffd': '', a: '' });
        await expect(hash(root, [file])).rejects.toMatchObject({ code: 'ARTIFACT_NAME', details: { path: file } });
      });

      it('when the root is a link, it follows that', async () => {
        const root = workspaceOf({ 'real/d/a': 'x' });
        symlinkSync(path.join(root, 'real'), path.join(root, 'link'));
        expect(await hash(path.join(root, 'link'), ['d/a'])).toMatchObject([{ sha256: sha256('x') }]);
      });
    });

    describe('abort', () => {
      it('when the signal is aborted before, nothing is opened', async () => {
        await expect(hash(workspaceOf({}), ['missing'], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED', details: { path: 'missing' } });
      });

      it('when the signal is aborted within a file, it stops there and closes the file', async () => {
        const root = workspaceOf({});
        sparse(root, 'big', 100_000 * MB);
        const abort = new AbortController();
        setTimeout(() => abort.abort(), 20);
        await expect(hash(root, ['big'], { signal: abort.signal })).rejects.toMatchObject({ code: 'ABORTED', details: { path: 'big' } });
        if (process.platform === 'linux') expect(openFiles(root)).toEqual([]);
      });

      it('when the signal is aborted while the file waits for its turn, it is not opened', async () => {
        const root = workspaceOf({});
        sparse(root, 'big', 200 * MB);
        const hasher = create({ concurrency: 1 });
        const abort = new AbortController();
        const first = collect(hasher.hash(root, ['big'], { signal: never }));
        const second = collect(hasher.hash(root, ['missing'], { signal: abort.signal }));
        setTimeout(() => abort.abort(), 10);
        await expect(second).rejects.toMatchObject({ code: 'ABORTED', details: { path: 'missing' } });
        expect(await first).toHaveLength(1);
      });

      it('when the signal is aborted between files, it takes no more paths', async () => {
        const abort = new AbortController();
        let taken = 0;
        const source = function* (): Generator<string> {
          for (;;) {
            taken += 1;
            if (taken === 10) abort.abort();
            yield 'a';
          }
        };
        await expect(hash(workspaceOf({ a: 'x' }), source(), { signal: abort.signal })).rejects.toMatchObject({ code: 'ABORTED' });
        expect(taken).toBe(10);
      });
    });

    it.each([0, -1, 1.5, Number.NaN])('when concurrency is %d, it is refused', (concurrency) => {
      expect(() => create({ concurrency })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(`concurrency: ${String(concurrency)}`) }));
    });
  });
}
