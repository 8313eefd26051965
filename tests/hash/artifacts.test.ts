import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHasher, digestArtifacts, resolveArtifacts, type ArtifactScope, type ArtifactSummary } from '../../src/hash';
import type { FileDigest } from '../../src/model/digest';
import { trees } from './trees';
import { collect, naiveSha256, naiveWalk, never, scopeOf, sha256, workspaceOf, write } from './workspace';

interface Result {
  digests: FileDigest[];
  summary: ArtifactSummary;
}

async function digest(scope: ArtifactScope, signal: AbortSignal = never): Promise<Result> {
  const digests = digestArtifacts(createHasher(), scope, await resolveArtifacts(scope), { signal });
  return { digests: await collect(digests), summary: digests.summary() };
}

/** RFC 6962 section 2.1, word for word. */
function merkleTreeHash(leaves: readonly string[]): Buffer {
  const hash = (...parts: (string | Uint8Array)[]): Buffer => parts.reduce((state, part) => state.update(part), createHash('sha256')).digest();
  const [only] = leaves;
  if (only === undefined) return hash('');
  if (leaves.length === 1) return hash(Buffer.of(0), only);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return hash(Buffer.of(1), merkleTreeHash(leaves.slice(0, k)), merkleTreeHash(leaves.slice(k)));
}

describe('digestArtifacts', () => {
  it('when folders and loose files are mixed, it agrees with reading and sorting everything naively', async () => {
    const units = ['apps/app/dist', 'apps/app/dist-2', 'apps/app/dist.d', 'dist/\u{1F600}', 'dist/\uFF5E'];
    await fc.assert(
      fc.asyncProperty(fc.array(trees(1), { minLength: units.length, maxLength: units.length }), fc.constantFrom(...units), async (parts, literal) => {
        const loose = { 'apps/app/dist!': '1', 'apps/app/dist.js': '2', 'apps/app/dist0': '3', 'dist/a.tgz': '4' };
        const tree = Object.fromEntries(parts.flatMap((part, index) => Object.entries(part).map(([file, content]) => [`${units[index]!}/${file}`, content])));
        const root = workspaceOf({ ...tree, ...loose });
        const scope = scopeOf(root, ['{projectRoot}/dist*', '{workspaceRoot}/dist/*', `{workspaceRoot}/${literal}`]);
        const { digests, summary } = await digest(scope);

        const expected = naiveWalk(root, '.').map((file) => ({ path: file, size: readFileSync(path.join(root, file)).length, sha256: naiveSha256(root, file) }));
        expect(digests).toEqual(expected);
        expect(summary).toEqual({
          files: expected.length,
          bytes: expected.reduce((sum, file) => sum + file.size, 0),
          merkleRoot: merkleTreeHash(expected.map((file) => `${file.path}\0${file.sha256}`)).toString('hex'),
          folders: ['apps/app/dist', 'apps/app/dist-2', 'apps/app/dist.d', 'dist/\uFF5E', 'dist/\u{1F600}'].map((folder) => ({
            path: folder,
            dirHash: sha256(naiveWalk(path.join(root, folder), '.').map((file) => `${naiveSha256(path.join(root, folder), file)}  ${file}\n`).join('')),
          })),
        });
      }),
      { numRuns: 60 },
    );
  });

  it('when golang.org/x/mod/sumdb/dirhash hashes the folder, its Hash1 is the same', async () => {
    const tree = { 'a/b': 'one\n', 'a-b': 'two\n', 'a.b': '', '(group)/[id].js': 'page', '.dot/-f': 'x', '\u{1F600}': Buffer.of(0xf0), '\uFF5E': 'y' };
    const root = workspaceOf(Object.fromEntries(Object.entries(tree).map(([file, content]) => [`apps/app/dist/${file}`, content])));
    const { summary } = await digest(scopeOf(root, ['dist']));
    // h1:AtckZgwe/fJHrRxYL/dg1e0lKOdU/CcuTvlVRlQZCiM=
    expect(summary.folders).toEqual([{ path: 'apps/app/dist', dirHash: '02d724660c1efdf247ad1c582ff760d5ed2528e754fc272e4ef9554654190a23' }]);
  });

  it.runIf(process.platform === 'linux')('when find, sort and sha256sum hash the folder, the dirHash is theirs', async () => {
    const root = workspaceOf({ 'apps/app/dist/b/c': '1', 'apps/app/dist/b-c': '2', 'apps/app/dist/b.c': '3', 'apps/app/dist/ü \u{1F600}': '4' });
    const script = "find . -type f -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum";
    const output = execFileSync('sh', ['-c', script], { cwd: path.join(root, 'apps/app/dist'), encoding: 'utf8' });
    const { summary } = await digest(scopeOf(root, ['dist']));
    expect(`${summary.folders[0]!.dirHash}  -\n`).toBe(output);
  });

  it('when the same tree lies at another place, everything is the same', async () => {
    const tree = { 'apps/app/dist/a.js': 'a', 'apps/app/dist/sub/b.js': 'b' };
    expect(await digest(scopeOf(workspaceOf(tree), ['dist']))).toEqual(await digest(scopeOf(workspaceOf(tree), ['dist/**'])));
  });

  it('when the workspace root is the artifact root, names are relative to it', async () => {
    const root = workspaceOf({ 'a/b': 'x', c: 'y' });
    const { digests, summary } = await digest(scopeOf(root, ['{workspaceRoot}']));
    expect(digests.map((file) => file.path)).toEqual(['a/b', 'c']);
    expect(summary.folders).toEqual([{ path: '.', dirHash: sha256(`${sha256('x')}  a/b\n${sha256('y')}  c\n`) }]);
  });

  it('when sha512 is asked for, every file has it', async () => {
    const scope = scopeOf(workspaceOf({ 'apps/app/dist/a': 'x' }), ['dist']);
    const digests = digestArtifacts(createHasher(), scope, await resolveArtifacts(scope), { signal: never, sha512: true });
    expect(await collect(digests)).toMatchObject([{ sha512: createHash('sha512').update('x').digest('hex') }]);
  });

  describe('nothing to prove', () => {
    it('when all folders are empty, it refuses', async () => {
      const root = workspaceOf({});
      mkdirSync(path.join(root, 'apps/app/dist/empty'), { recursive: true });
      await expect(digest(scopeOf(root, ['dist']))).rejects.toMatchObject({
        code: 'ARTIFACTS_EMPTY',
        message: 'project "app": no file lies in "apps/app/dist"',
        details: { project: 'app', folders: ['apps/app/dist'] },
      });
    });

    it('when one folder of two is empty, it has the dirHash of nothing', async () => {
      const root = workspaceOf({ 'apps/app/b/x': '' });
      mkdirSync(path.join(root, 'apps/app/a'));
      const { summary } = await digest(scopeOf(root, ['a', 'b']));
      expect(summary.folders[0]).toEqual({ path: 'apps/app/a', dirHash: sha256('') });
    });
  });

  it('when the summary is asked for before the end, that is a defect', async () => {
    const scope = scopeOf(workspaceOf({ 'apps/app/dist/a': '' }), ['dist']);
    const digests = digestArtifacts(createHasher(), scope, await resolveArtifacts(scope), { signal: never });
    expect(() => digests.summary()).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });

  it('when it is iterated again, it reads again', async () => {
    const root = workspaceOf({ 'apps/app/dist/a': '' });
    const scope = scopeOf(root, ['dist']);
    const digests = digestArtifacts(createHasher(), scope, await resolveArtifacts(scope), { signal: never });
    await collect(digests);
    const before = digests.summary();
    write(root, 'apps/app/dist/a', 'x');
    await collect(digests);
    expect(digests.summary().merkleRoot).not.toBe(before.merkleRoot);
    expect(digests.summary()).toMatchObject({ files: 1, bytes: 1 });
  });

  describe('refusals', () => {
    it('when the project root is the artifact root, its own proofs are in the way', async () => {
      const root = workspaceOf({ 'apps/app/dist/a': '', 'apps/app/.proof/create/statement.intoto.json': '' });
      await expect(digest(scopeOf(root, ['{projectRoot}']))).rejects.toMatchObject({ code: 'NESTED_PACKAGE', details: { path: 'apps/app/.proof' } });
    });

    it('when another member lies in an artifact root, it refuses; a package.json marker is just a file', async () => {
      const root = workspaceOf({ 'apps/app/dist/esm/package.json': '{}', 'apps/app/dist/lib/package.json': '{}' });
      expect((await digest(scopeOf(root, ['dist']))).summary.files).toBe(2);
      await expect(digest(scopeOf(root, ['dist'], { members: ['apps/app/dist/lib'] }))).rejects.toMatchObject({ code: 'NESTED_PACKAGE', details: { path: 'apps/app/dist/lib' } });
    });

    it('when a folder above a loose file is a link by way of braces, it refuses', async () => {
      const root = workspaceOf({ 'real/x.js': '', 'apps/app/b': '' });
      symlinkSync(path.join(root, 'real'), path.join(root, 'apps/app/a'));
      await expect(digest(scopeOf(root, ['{a/x.js,b}']))).rejects.toMatchObject({ code: 'ARTIFACT_SYMLINK', details: { path: 'apps/app/a' } });
    });
  });

  describe('a tree that changes', () => {
    const changing = async (tree: Record<string, string>, patterns: string[], change: (root: string) => void): Promise<unknown> => {
      const root = workspaceOf(tree);
      const scope = scopeOf(root, patterns);
      const set = await resolveArtifacts(scope);
      change(root);
      return collect(digestArtifacts(createHasher(), scope, set, { signal: never }));
    };

    it.each([
      ['a loose file vanishes', ['a.js'], (root: string) => rmSync(path.join(root, 'apps/app/a.js')), 'FILE_CHANGED', 'apps/app/a.js'],
      ['the folder above a loose file vanishes', ['d/*.js'], (root: string) => rmSync(path.join(root, 'apps/app/d'), { recursive: true }), 'FILE_CHANGED', 'apps/app/d/b.js'],
      ['a folder vanishes', ['d'], (root: string) => rmSync(path.join(root, 'apps/app/d'), { recursive: true }), 'FILE_CHANGED', 'apps/app/d'],
      ['a folder becomes a file', ['d'], (root: string) => swap(root, 'apps/app/a.js', 'apps/app/d'), 'FILE_CHANGED', 'apps/app/d'],
      ['a loose file becomes a folder', ['a.js'], (root: string) => swap(root, 'apps/app/d', 'apps/app/a.js'), 'ARTIFACT_KIND', 'apps/app/a.js'],
    ])('when %s after it was found, it says so', async (_, patterns, change, code, named) => {
      await expect(changing({ 'apps/app/a.js': '', 'apps/app/d/b.js': '' }, patterns, change)).rejects.toMatchObject({ code, details: { path: named } });
    });

    it('when a file of a folder vanishes after the folder was listed, it says so', async () => {
      const root = workspaceOf(Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`apps/app/dist/${String(index + 10)}`, ''])));
      const scope = scopeOf(root, ['dist']);
      const run = async (): Promise<void> => {
        for await (const file of digestArtifacts(createHasher({ concurrency: 1 }), scope, await resolveArtifacts(scope), { signal: never })) {
          if (file.path.endsWith('/10')) rmSync(path.join(root, 'apps/app/dist/39'));
        }
      };
      await expect(run()).rejects.toMatchObject({ code: 'FILE_CHANGED', message: '"apps/app/dist/39" vanished before it was read', details: { path: 'apps/app/dist/39' } });
    });

    it('when a file cannot be read for another reason, that stays IO_ERROR', async () => {
      const name = `apps/app/${'x'.repeat(300)}`;
      const scope = scopeOf(workspaceOf({ 'apps/app/a': '' }), []);
      await expect(collect(digestArtifacts(createHasher(), scope, { folders: [], files: [name] }, { signal: never }))).rejects.toMatchObject({ code: 'IO_ERROR', details: { path: name } });
    });

    it('when a file grows after it was hashed, only the next pass sees it', async () => {
      const root = workspaceOf({ 'apps/app/dist/a': 'x' });
      const scope = scopeOf(root, ['dist']);
      const before = await digest(scope);
      appendFileSync(path.join(root, 'apps/app/dist/a'), 'y');
      expect((await digest(scope)).summary.merkleRoot).not.toBe(before.summary.merkleRoot);
    });
  });

  it('when the signal is aborted, it stops', async () => {
    await expect(digest(scopeOf(workspaceOf({ 'apps/app/dist/a': '' }), ['dist']), AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

/** Puts `from` where `to` was. */
function swap(root: string, from: string, to: string): void {
  rmSync(path.join(root, to), { recursive: true });
  renameSync(path.join(root, from), path.join(root, to));
}
