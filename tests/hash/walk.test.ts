import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { walk, type WalkOptions } from '../../src/hash/walk';
import { trees } from './trees';
import { collect, naiveWalk, temporaryFolder, workspaceOf, write } from './workspace';

const POSIX = path.sep === '/';
const files = (root: string, folder: string, options: Partial<WalkOptions> = {}): Promise<string[]> => collect(walk(root, folder, { members: [], ...options }));

describe('walk', () => {
  it('when a tree has any names, it gives every regular file in the byte order of the whole path', async () => {
    await fc.assert(
      fc.asyncProperty(trees(), async (tree) => {
        const root = workspaceOf(tree);
        mkdirSync(path.join(root, 'empty'), { recursive: true });
        expect(await files(root, '.')).toEqual(naiveWalk(root, '.'));
      }),
      { numRuns: 150 },
    );
  });

  it('when names differ in the character after a common start, it orders them as whole paths, not as names', async () => {
    const root = workspaceOf({ 'd/a/b': '', 'd/a-b': '', 'd/a.b': '', 'd/a-/x': '', 'd/a/-': '', 'd/\u{1F600}/x': '', 'd/\uFF5E': '', 'd/a0': '' });
    expect(await files(root, 'd')).toEqual(['d/a-/x', 'd/a-b', 'd/a.b', 'd/a/-', 'd/a/b', 'd/a0', 'd/\uFF5E', 'd/\u{1F600}/x']);
  });

  it('when there are node_modules, dot files and package.json markers, it skips none of them', async () => {
    const tree = ['dist/.env', 'dist/.git/config', 'dist/esm/package.json', 'dist/node_modules/.bin/x', 'dist/node_modules/x/index.js'];
    const root = workspaceOf(Object.fromEntries(tree.map((file) => [file, ''])));
    expect(await files(root, 'dist')).toEqual(tree);
  });

  it('when the consumer takes its time, it reads no folder before it is asked for', async () => {
    const root = workspaceOf({ 'd/a/1': '', 'd/b/1': '' });
    const walking = walk(root, 'd', { members: [] });
    expect(await walking.next()).toEqual({ done: false, value: 'd/a/1' });
    write(root, 'd/b/2');
    expect(await collect(walking)).toEqual(['d/b/1', 'd/b/2']);
  });

  describe('symbolic links', () => {
    it.each([
      ['to a file', 'd/a.js', 'd/sub/link'],
      ['to a folder', 'd/real', 'd/sub/link'],
      ['to nothing', 'nowhere', 'd/sub/link'],
    ])('when a link %s lies in the folder, it refuses and names it', async (_, target, link) => {
      const root = workspaceOf({ 'd/a.js': '', 'd/real/x': '', 'd/sub/y': '' });
      symlinkSync(path.join(root, target), path.join(root, link));
      await expect(files(root, 'd')).rejects.toMatchObject({ code: 'ARTIFACT_SYMLINK', message: expect.stringContaining(link), details: { path: link } });
    });

    it('when the folder is a link, it refuses', async () => {
      const root = workspaceOf({ 'real/x': '' });
      symlinkSync(path.join(root, 'real'), path.join(root, 'd'));
      await expect(files(root, 'd')).rejects.toMatchObject({ code: 'ARTIFACT_SYMLINK', details: { path: 'd' } });
    });

    it('when a folder above is a link, it refuses and names that one', async () => {
      const root = workspaceOf({ 'real/dist/x': '' });
      symlinkSync(path.join(root, 'real'), path.join(root, 'app'));
      await expect(files(root, 'app/dist')).rejects.toMatchObject({ code: 'ARTIFACT_SYMLINK', details: { path: 'app' } });
    });

    it('when the workspace root itself is a link, it follows that', async () => {
      const root = workspaceOf({ 'd/x': '' });
      const link = path.join(temporaryFolder(), 'workspace');
      symlinkSync(root, link);
      expect(await files(link, 'd')).toEqual(['d/x']);
    });
  });

  describe('other kinds', () => {
    it.runIf(POSIX)('when a pipe lies in the folder, it refuses', async () => {
      const root = workspaceOf({ 'd/x': '' });
      execFileSync('mkfifo', [path.join(root, 'd/pipe')]);
      await expect(files(root, 'd')).rejects.toMatchObject({ code: 'ARTIFACT_KIND', details: { path: 'd/pipe' } });
    });

    it.runIf(POSIX)('when a socket lies in the folder, it refuses', async () => {
      const root = workspaceOf({ 'd/x': '' });
      const server = createServer().listen(path.join(root, 'd/socket'));
      try {
        await expect(files(root, 'd')).rejects.toMatchObject({ code: 'ARTIFACT_KIND', details: { path: 'd/socket' } });
      } finally {
        server.close();
      }
    });
  });

  describe('names', () => {
    it.runIf(POSIX)('when a name has a newline, it refuses and shows it escaped', async () => {
      const root = workspaceOf({ 'd/a\nb': '' });
      await expect(files(root, 'd')).rejects.toMatchObject({ code: 'ARTIFACT_NAME', message: expect.stringContaining('"d/a\\x0ab"') });
    });

    it.runIf(process.platform === 'linux')('when a name is not UTF-8, it refuses and shows its bytes', async () => {
      const root = workspaceOf({ 'd/x': '' });
      writeFileSync(Buffer.concat([Buffer.from(`${root}/d/caf`), Buffer.of(0xe9)]), '');
      await expect(files(root, 'd')).rejects.toMatchObject({ code: 'ARTIFACT_NAME', message: expect.stringContaining('"d/caf\\xe9"'), details: { path: 'd/caf\\xe9' } });
    });

    it.runIf(process.platform === 'linux')('when a folder name is not UTF-8, it refuses', async () => {
      const root = workspaceOf({ 'd/x': '' });
      mkdirSync(Buffer.concat([Buffer.from(`${root}/d/`), Buffer.of(0xff)]));
      await expect(files(root, 'd')).rejects.toMatchObject({ code: 'ARTIFACT_NAME' });
    });

    it.runIf(POSIX)('when a link has a newline in its name, the message has none', async () => {
      const root = workspaceOf({ 'd/x': '' });
      symlinkSync('x', path.join(root, 'd/\u001b[31m'));
      await expect(files(root, 'd')).rejects.toMatchObject({ code: 'ARTIFACT_SYMLINK', message: '"d/\\x1b[31m" is a symbolic link' });
    });
  });

  describe('nested packages', () => {
    it('when the root of another member lies below, it refuses', async () => {
      const root = workspaceOf({ 'd/a.js': '', 'd/inner/package.json': '{}' });
      await expect(files(root, 'd', { members: ['libs/x', 'd/inner'] })).rejects.toMatchObject({ code: 'NESTED_PACKAGE', details: { path: 'd/inner' } });
    });

    it('when the folder is the root of another member, it refuses', async () => {
      const root = workspaceOf({ 'd/a.js': '' });
      await expect(files(root, 'd', { members: ['d'] })).rejects.toMatchObject({ code: 'NESTED_PACKAGE', details: { path: 'd' } });
    });

    it('when a member lies above or beside, it goes on', async () => {
      const root = workspaceOf({ 'libs/d/a.js': '', 'libs/d2/b.js': '' });
      expect(await files(root, 'libs/d', { members: ['libs', '.', 'libs/d2', 'libs/d/a.js'] })).toEqual(['libs/d/a.js']);
    });

    it.each(['d', 'd/deep'])('when a .proof folder lies in %s, it refuses', async (parent) => {
      const root = workspaceOf({ 'd/a.js': '', [`${parent}/.proof/create/x`]: '' });
      await expect(files(root, 'd')).rejects.toMatchObject({ code: 'NESTED_PACKAGE', details: { path: `${parent}/.proof` } });
    });

    it('when the folder is or lies in a .proof folder, it refuses', async () => {
      const root = workspaceOf({ 'app/.proof/create/x': '' });
      await expect(files(root, 'app/.proof')).rejects.toMatchObject({ code: 'NESTED_PACKAGE' });
      await expect(files(root, 'app/.proof/create')).rejects.toMatchObject({ code: 'NESTED_PACKAGE' });
    });

    it('when .proof is a file, it is one', async () => {
      expect(await files(workspaceOf({ 'd/.proof': '' }), 'd')).toEqual(['d/.proof']);
    });
  });

  it('when several entries are refused, it names the first in byte order, before any file is given out', async () => {
    const root = workspaceOf({ 'd/a': '' });
    for (const name of ['z', 'm', 'b', 'y']) symlinkSync('a', path.join(root, 'd', name));
    const walking = walk(root, 'd', { members: [] });
    await expect(walking.next()).rejects.toMatchObject({ details: { path: 'd/b' } });
  });

  describe('a tree that changes', () => {
    it('when a folder vanishes during the walk, it says so', async () => {
      const root = workspaceOf({ 'd/a': '', 'd/b/c': '' });
      const walking = walk(root, 'd', { members: [] });
      await walking.next();
      rmSync(path.join(root, 'd/b'), { recursive: true });
      await expect(walking.next()).rejects.toMatchObject({ code: 'FILE_CHANGED', details: { path: 'd/b' } });
    });

    it('when a folder becomes a file during the walk, it says so', async () => {
      const root = workspaceOf({ 'd/a': '', 'd/b/c': '' });
      const walking = walk(root, 'd', { members: [] });
      await walking.next();
      renameSync(path.join(root, 'd/b/c'), path.join(root, 'c'));
      rmSync(path.join(root, 'd/b'), { recursive: true });
      renameSync(path.join(root, 'c'), path.join(root, 'd/b'));
      await expect(walking.next()).rejects.toMatchObject({ code: 'FILE_CHANGED', details: { path: 'd/b' } });
    });

    it.each([['nothing', undefined], ['a file', 'd']])('when %s is where the folder was, it says so', async (_, file) => {
      const root = workspaceOf(file === undefined ? {} : { [file]: '' });
      await expect(files(root, 'd')).rejects.toMatchObject({ code: 'FILE_CHANGED', details: { path: 'd' } });
    });
  });

  it('when the path is longer than the system takes, it reports IO_ERROR with the path', async () => {
    const folder = `d/${'x'.repeat(300)}`;
    await expect(files(workspaceOf({ 'd/a': '' }), folder)).rejects.toMatchObject({ code: 'IO_ERROR', details: { path: folder, errno: 'ENAMETOOLONG' } });
  });

  it.runIf(process.platform === 'linux')('when folders are nested deeper than a path can be long, it reports IO_ERROR with the path', async () => {
    const root = workspaceOf({ 'd/a': '' });
    const name = 'x'.repeat(250);
    const nest = 'for (let i = 0; i < 20; i++) { fs.mkdirSync(process.argv[1]); process.chdir(process.argv[1]); }';
    execFileSync(process.execPath, ['-e', nest, name], { cwd: path.join(root, 'd') });
    try {
      await expect(files(root, 'd')).rejects.toMatchObject({ code: 'IO_ERROR', details: { path: expect.stringContaining(`d/${name}/${name}`), errno: 'ENAMETOOLONG' } });
    } finally {
      execFileSync('rm', ['-rf', path.join(root, 'd')]);
    }
  });

  it('when the signal is aborted, it stops at the next folder', async () => {
    const root = workspaceOf({ 'd/a': '', 'd/b/c': '' });
    const abort = new AbortController();
    const walking = walk(root, 'd', { members: [], signal: abort.signal });
    await walking.next();
    abort.abort();
    await expect(walking.next()).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
