import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { artifactMatcher, resolveArtifacts, type ArtifactScope, type ArtifactSet } from '../../src/hash';
import { ODD_NAMES, trees } from './trees';
import { naiveWalk, scopeOf, temporaryFolder, workspaceOf, write } from './workspace';

const POSIX = path.sep === '/';
const resolve = (root: string, patterns: readonly string[], rest: Partial<ArtifactScope> = {}): Promise<ArtifactSet> => resolveArtifacts(scopeOf(root, patterns, rest));

describe('resolveArtifacts', () => {
  it.each([
    [['dist'], ['apps/app/dist'], []],
    [['dist/**'], ['apps/app/dist'], []],
    [['dist/**/*'], ['apps/app/dist'], []],
    [['{projectRoot}/dist'], ['apps/app/dist'], []],
    [['dist', 'dist/sub', 'dist/a.js'], ['apps/app/dist'], []],
    [['dist/*.js'], [], ['apps/app/dist/a.js', 'apps/app/dist/b.js']],
    [['dist/a.js'], [], ['apps/app/dist/a.js']],
    [['dist/*'], ['apps/app/dist/.dot', 'apps/app/dist/sub'], ['apps/app/dist/a.js', 'apps/app/dist/b.js']],
    [['dist/*/**'], ['apps/app/dist/.dot', 'apps/app/dist/sub'], []],
    [['dist/**/*.js'], [], ['apps/app/dist/.dot/d.js', 'apps/app/dist/a.js', 'apps/app/dist/b.js', 'apps/app/dist/sub/c.js']],
    [['{dist,build}/**'], ['apps/app/build', 'apps/app/dist'], []],
    [['{dist/a.js,build/x}'], [], ['apps/app/build/x', 'apps/app/dist/a.js']],
    [['{dist/a.js,build}/*'], [], ['apps/app/build/x']],
    [['{workspaceRoot}/dist/{projectRoot}'], ['dist/apps/app'], []],
    [['{workspaceRoot}/dist/{projectName}.tgz', 'nothing', 'no*'], [], ['dist/app.tgz']],
    [['../../dist/apps'], ['dist/apps'], []],
    [['b', 'b-c', 'b/d', 'b.js', 'dist/a.js/x'], ['apps/app/b', 'apps/app/b-c'], ['apps/app/b.js']],
  ])('when the patterns are %j, the roots are %j and %j', async (patterns, folders, files) => {
    const tree = ['dist/a.js', 'dist/b.js', 'dist/sub/c.js', 'dist/.dot/d.js', 'build/x', 'b/d/e', 'b-c/x', 'b.js'].map((file) => `apps/app/${file}`);
    const root = workspaceOf(Object.fromEntries([...tree, 'dist/apps/app/x.js', 'dist/app.tgz'].map((file) => [file, ''])));
    expect(await resolve(root, patterns)).toEqual({ folders, files });
  });

  it.each(['apps/[id]', 'apps/(group)', 'apps/{a,b}', 'apps/*', 'apps/!x', 'apps/[...slug]'])('when the project root is %s, it finds that one alone', async (projectRoot) => {
    const root = workspaceOf({ [`${projectRoot}/dist/a.js`]: '', [`${projectRoot}/out/x.txt`]: '', 'apps/i/dist/x': '', 'apps/a/dist/x': '', 'apps/group/dist/x': '' });
    const project = { name: 'odd', root: projectRoot };
    expect(await resolve(root, ['{projectRoot}/dist/**', 'out/*.txt'], { project })).toEqual({ folders: [`${projectRoot}/dist`], files: [`${projectRoot}/out/x.txt`] });
  });

  it('when any name is given with its magic escaped, it names that file', async () => {
    const root = workspaceOf(Object.fromEntries(ODD_NAMES.map((name) => [`apps/app/${name}/x`, ''])));
    for (const name of ODD_NAMES) {
      const escaped = name.replace(/[\\*?[\]{}()!@+]/g, '\\$&');
      expect(await resolve(root, [escaped])).toEqual({ folders: [`apps/app/${name}`], files: [] });
      expect(await resolve(root, [`${escaped}/*`])).toEqual({ folders: [], files: [`apps/app/${name}/x`] });
    }
  });

  it('when patterns overlap in any way, the roots are disjoint, sorted, and agree with artifactMatcher on every file', async () => {
    const pattern = fc.constantFrom('*', '**/a', 'a', '*.js', '**/*.js', '[!a]*', '{a,A}/*', '*/*', '**/.*', '?', '@(a|A)', 'a-b', '**/node_modules', '(group)/*', '**/(group)');
    await fc.assert(
      fc.asyncProperty(trees(1), fc.array(pattern, { minLength: 1, maxLength: 3 }), async (tree, patterns) => {
        const root = workspaceOf(tree);
        const project = { name: 'root', root: '.' };
        const set = await resolve(root, patterns, { project }).catch((error: { code?: string }) => {
          if (error.code !== 'ARTIFACTS_EMPTY') throw error;
          return { folders: [], files: [] };
        });
        const all = naiveWalk(root, '.');
        const matches = artifactMatcher(patterns, project);
        const inFolder = (file: string): number => set.folders.filter((folder) => file.startsWith(`${folder}/`)).length;
        expect(all.filter((file) => inFolder(file) + set.files.filter((loose) => loose === file).length === 1)).toEqual(all.filter(matches));
        expect(all.filter((file) => inFolder(file) + set.files.filter((loose) => loose === file).length > 1)).toEqual([]);
        for (const list of [set.folders, set.files]) expect(list).toEqual([...list].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
      { numRuns: 200 },
    );
  });

  describe('nothing to prove', () => {
    it('when nothing matches, it names the patterns and where it looked', async () => {
      const root = workspaceOf({ 'apps/app/src/x': '' });
      await expect(resolve(root, ['{projectRoot}/dist', 'build/*.js', 'src/x/**', 'src/x/y'])).rejects.toMatchObject({
        code: 'ARTIFACTS_EMPTY',
        message:
          'project "app": nothing matches the artifacts "{projectRoot}/dist", "build/*.js", "src/x/**", "src/x/y"; looked for "apps/app/dist", "apps/app/build/*.js", "apps/app/src/x", "apps/app/src/x/y"',
        details: { project: 'app' },
      });
    });

    it('when there are no patterns, it says so', async () => {
      await expect(resolve(workspaceOf({}), [])).rejects.toMatchObject({ code: 'ARTIFACTS_EMPTY', message: 'project "app" has no artifact patterns' });
    });
  });

  it('when there are 24 folder roots, they are accepted, and 25 are not', async () => {
    const folders = Array.from({ length: 25 }, (_, index) => `apps/app/f${index}`);
    const root = workspaceOf(Object.fromEntries(folders.map((folder) => [`${folder}/x`, ''])));
    expect((await resolve(root, folders.slice(0, 24).map((folder) => `{workspaceRoot}/${folder}`))).folders).toHaveLength(24);
    await expect(resolve(root, ['f*'])).rejects.toMatchObject({ code: 'ARTIFACT_ROOTS', details: { project: 'app', roots: 25 } });
  });

  describe('links and other kinds', () => {
    const linked = (): string => {
      const root = workspaceOf({ 'apps/app/real/x.js': '', 'apps/app/dist/a.js': '' });
      symlinkSync(path.join(root, 'apps/app/real/x.js'), path.join(root, 'apps/app/dist/link.js'));
      symlinkSync(path.join(root, 'apps/app/real'), path.join(root, 'apps/app/linked'));
      return root;
    };

    it.each([
      ['a literal names a link to a file', 'dist/link.js', 'apps/app/dist/link.js'],
      ['a literal names a link to a folder', 'linked', 'apps/app/linked'],
      ['a literal goes through a link', 'linked/x.js', 'apps/app/linked'],
      ['X/** goes through a link', 'linked/**', 'apps/app/linked'],
      ['a glob matches a link to a file', 'dist/*.js', 'apps/app/dist/link.js'],
      ['a glob matches a link to a folder', 'lin*', 'apps/app/linked'],
      ['a glob for folders matches a link', 'lin*/**', 'apps/app/linked'],
      ['a glob starts in a link', 'linked/*.js', 'apps/app/linked'],
    ])('when %s, it refuses', async (_, pattern, link) => {
      await expect(resolve(linked(), [pattern])).rejects.toMatchObject({ code: 'ARTIFACT_SYMLINK', details: { path: link } });
    });

    it('when a glob does not match a link, it does not follow it either', async () => {
      expect(await resolve(linked(), ['**/x.js'])).toEqual({ folders: [], files: ['apps/app/real/x.js'] });
    });

    it('when the workspace root is a link, it follows that', async () => {
      const link = path.join(temporaryFolder(), 'workspace');
      symlinkSync(workspaceOf({ 'apps/app/dist/a.js': '' }), link);
      expect(await resolve(link, ['dist', 'di*/*.js'])).toEqual({ folders: ['apps/app/dist'], files: [] });
    });

    it.runIf(POSIX)('when a pipe is named or matched, it refuses, but not where only folders are meant', async () => {
      const root = workspaceOf({ 'apps/app/dist/sub/x': '' });
      execFileSync('mkfifo', [path.join(root, 'apps/app/dist/pipe')]);
      for (const pattern of ['dist/pipe', 'dist/p*']) {
        await expect(resolve(root, [pattern])).rejects.toMatchObject({ code: 'ARTIFACT_KIND', details: { path: 'apps/app/dist/pipe' } });
      }
      expect(await resolve(root, ['dist/*/**'])).toEqual({ folders: ['apps/app/dist/sub'], files: [] });
    });
  });

  describe('outside', () => {
    it.each(['*/../../../x', '{.,..}/x', '.{.,x}/{.,x}./.{.,x}/x', '{a/../../..,b}/*', '{/etc,b}/host*'])('when the glob is %s, nothing outside is taken', async (pattern) => {
      const outer = workspaceOf({ 'x/y': '', 'workspace/apps/app/a/x': '', 'workspace/x/z': '' });
      const root = path.join(outer, 'workspace');
      const set = await resolve(root, [pattern]).catch((error: { code?: string }) => ({ ...error, folders: [], files: [] }));
      for (const file of [...set.folders, ...set.files]) expect(file).toMatch(/^apps\/app\/[^.]/);
      if ('code' in set) expect(set.code).toMatch(/^(PATH_OUTSIDE|ARTIFACTS_EMPTY)$/);
    });

    it('when braces spell a way out, it is not followed', async () => {
      const root = path.join(workspaceOf({ 'secret/y': '', 'workspace/apps/app/a/x': '' }), 'workspace');
      await expect(resolve(root, ['{a,../../../secret}/*'])).rejects.toMatchObject({ code: 'PATH_OUTSIDE' });
      await expect(resolve(root, ['.{.,x}/.{.,x}/.{.,x}/secret/*'])).rejects.toMatchObject({ code: 'ARTIFACTS_EMPTY' });
    });

    it('when braces spell a way out to a name that is also inside, it refuses rather than take that for it', async () => {
      const root = workspaceOf({ 'apps/secret': '', 'apps/app/secret': '' });
      await expect(resolve(root, ['.{.,x}/secret'])).rejects.toMatchObject({ code: 'PATH_OUTSIDE' });
    });

    it.runIf(POSIX)('when the workspace lies in a folder with a backslash in its name, globs work', async () => {
      const root = path.join(workspaceOf({ 'back\\slash/apps/app/a/x': '' }), 'back\\slash');
      expect(await resolve(root, ['*/x'])).toEqual({ folders: [], files: ['apps/app/a/x'] });
    });
  });

  describe('other projects and proofs', () => {
    const tree = { 'apps/app/dist/a.js': '', 'apps/app/inner/b.js': '', 'apps/app/.proof/create/statement.js': '', 'libs/other/c.js': '' };
    const members = ['.', 'libs/other', 'apps/app/inner'];

    it('when a glob reaches into another project below, it refuses', async () => {
      const root = workspaceOf(tree);
      await expect(resolve(root, ['inne*/*.js'], { members })).rejects.toMatchObject({ code: 'NESTED_PACKAGE', details: { path: 'apps/app/inner/b.js' } });
      await expect(resolve(root, ['{workspaceRoot}/**/c.js'], { members })).rejects.toMatchObject({ code: 'NESTED_PACKAGE', details: { path: 'libs/other/c.js' } });
    });

    it('when the pattern names the other folder outright, it is taken', async () => {
      const root = workspaceOf(tree);
      expect(await resolve(root, ['{workspaceRoot}/libs/other/*.js', 'inner/b.js'], { members })).toEqual({ folders: [], files: ['apps/app/inner/b.js', 'libs/other/c.js'] });
    });

    it.each(['**/statement.js', '.proof/create/statement.js', '.proof/*/*.js'])('when %s is a file of a proof, it refuses', async (pattern) => {
      await expect(resolve(workspaceOf(tree), [pattern])).rejects.toMatchObject({ code: 'NESTED_PACKAGE', details: { path: 'apps/app/.proof/create/statement.js' } });
    });
  });

  describe('names', () => {
    it.runIf(process.platform === 'linux')('when a glob meets a name that is not UTF-8, it refuses rather than pass it over', async () => {
      const root = workspaceOf({ 'apps/app/dist/a.js': '' });
      const bad = Buffer.concat([Buffer.from(`${root}/apps/app/dist/`), Buffer.of(0xff)]);
      mkdirSync(bad);
      writeFileSync(Buffer.concat([bad, Buffer.from('/x.js')]), '');
      await expect(resolve(root, ['dist/**/*.js'])).rejects.toMatchObject({ code: 'ARTIFACT_NAME', message: expect.stringContaining('\\xff') });
    });

    it.runIf(POSIX)('when a glob meets a name with a newline, it refuses', async () => {
      const root = workspaceOf({ 'apps/app/dist/a\nb.js': '' });
      await expect(resolve(root, ['dist/*.js'])).rejects.toMatchObject({ code: 'ARTIFACT_NAME', message: expect.stringContaining('a\\x0ab.js') });
    });
  });

  it('when a path is longer than the system takes, it reports IO_ERROR with the path', async () => {
    const name = 'x'.repeat(300);
    await expect(resolve(workspaceOf({ 'apps/app/a': '' }), [name])).rejects.toMatchObject({ code: 'IO_ERROR', details: { path: `apps/app/${name}`, errno: 'ENAMETOOLONG' } });
  });

  it('when a brace of a glob is longer than the system takes, it reports IO_ERROR with the folder', async () => {
    const root = workspaceOf({ 'apps/app/a/b': '' });
    await expect(resolve(root, [`{a,${'x'.repeat(300)}}/*`])).rejects.toMatchObject({ code: 'IO_ERROR', details: { path: 'apps/app' } });
  });

  it('when an empty folder is named, it is a root', async () => {
    const root = workspaceOf({});
    write(root, 'apps/app/a');
    mkdirSync(path.join(root, 'apps/app/empty'));
    expect(await resolve(root, ['empty'])).toEqual({ folders: ['apps/app/empty'], files: [] });
  });
});
