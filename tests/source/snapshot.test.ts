import { createHash } from 'node:crypto';
import { chmodSync, statSync, utimesSync } from 'node:fs';
import { appendFile, chmod, mkdir, readFile, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSource, type Checkout, type SourceDigest } from '../../src/source';
import { temporaryFolder, writeFiles } from '../support/folder';
import { commitAll, git } from '../support/git';

const PROJECTS = [
  { name: 'root', root: '.' },
  { name: 'app', root: 'apps/app' },
  { name: 'inner', root: 'apps/app/inner' },
  { name: 'lib', root: 'libs/lib' },
];
const FILES = {
  'package.json': '{}',
  'apps/app/main.ts': 'main',
  'apps/app/b/z.ts': 'z',
  'apps/app/b.ts': 'b',
  'apps/app/inner/i.ts': 'inner',
  'apps/application/x.ts': 'belongs to the root',
  'libs/lib/l.ts': 'lib',
};
type Snapshot = Checkout & { readonly digest: SourceDigest };
async function readSource(...[root, projects, signal, variables]: Parameters<typeof openSource>): Promise<Snapshot> {
  const source = openSource(root, projects, signal, variables);
  const [checkout, digest] = await Promise.all([source.checkout(), source.digests()]);
  return { ...checkout, digest };
}
const read = (root: string, signal = new AbortController().signal): Promise<Snapshot> => readSource(root, PROJECTS, signal, { ...process.env, GIT_CONFIG_NOSYSTEM: '1' });
const digests = (source: Snapshot): Record<string, string> => Object.fromEntries(PROJECTS.map(({ name }) => [name, source.digest(name)]));
const blob = (content: string | Buffer, algorithm = 'sha1'): string => createHash(algorithm).update(`blob ${Buffer.byteLength(content)}\0`).update(content).digest('hex');
/** The digest by its definition. */
const expected = (files: Record<string, string>): string =>
  createHash('sha256').update(Object.entries(files).map(([name, id]) => `${name}\0${id}\n`).join('')).digest('hex');

async function workspace(files: Readonly<Record<string, string | Uint8Array>> = FILES): Promise<string> {
  const root = temporaryFolder();
  await writeFiles(root, files);
  commitAll(root);
  return root;
}

describe('readSource of a clean working tree', () => {
  it('when all is committed it tells commit and time, and is not dirty', async () => {
    const root = await workspace();
    git(root, 'remote', 'add', 'origin', 'https://token@github.com/acme/shop.git');
    const source = await read(root);
    expect(source.commit).toBe(git(root, 'rev-parse', 'HEAD').trim());
    expect(source.commitTime.toISOString()).toBe('2024-05-06T07:08:09.000Z');
    expect(source.repository).toBe('git+https://github.com/acme/shop');
    expect(source.dirty).toBe(false);
  });

  it('when projects are nested each file counts for the deepest, in byte order of the paths', async () => {
    const source = await read(await workspace());
    expect(digests(source)).toEqual({
      root: expected({ 'apps/application/x.ts': blob('belongs to the root'), 'package.json': blob('{}') }),
      app: expected({ 'apps/app/b.ts': blob('b'), 'apps/app/b/z.ts': blob('z'), 'apps/app/main.ts': blob('main') }),
      inner: expected({ 'apps/app/inner/i.ts': blob('inner') }),
      lib: expected({ 'libs/lib/l.ts': blob('lib') }),
    });
  });

  it('when no project holds a file it counts nowhere, and a project without files has the digest of nothing', async () => {
    const source = await readSource(await workspace(), [{ name: 'none', root: 'libs/none' }], new AbortController().signal);
    expect(source.digest('none')).toBe(expected({}));
    expect(source.repository).toBeUndefined();
  });

  it('when asked for a project that was not given it refuses', async () => {
    const source = await read(await workspace());
    expect(() => source.digest('other')).toThrow(expect.objectContaining({ code: 'PROJECT_UNKNOWN' }) as Error);
  });

  it('when cloned to another path the digests are the same, also with other line endings', async () => {
    const root = await workspace({ ...FILES, 'libs/lib/text.txt': 'one\ntwo\n', '.gitattributes': '*.txt text\n' });
    const clone = path.join(temporaryFolder(), 'a clone');
    git(root, 'clone', '-q', '-c', 'core.autocrlf=true', root, clone);
    expect(await readFile(path.join(clone, 'libs/lib/text.txt'), 'utf8')).toBe('one\r\ntwo\r\n');
    expect(digests(await read(clone))).toEqual(digests(await read(root)));
    // also when git must read the file again, because its time changed or it was written anew
    await writeFile(path.join(clone, 'libs/lib/text.txt'), 'one\r\ntwo\r\n');
    await writeFile(path.join(clone, 'libs/lib/l.ts'), 'other');
    await writeFile(path.join(root, 'libs/lib/l.ts'), 'other');
    expect(digests(await read(clone))).toEqual(digests(await read(root)));
  });

  it('when the workspace is a folder of the repository paths are relative to the workspace', async () => {
    const outer = temporaryFolder();
    await writeFiles(path.join(outer, 'ünder "neath"'), FILES);
    await writeFiles(outer, { 'elsewhere.txt': 'x' });
    commitAll(outer);
    const inside = await read(path.join(outer, 'ünder "neath"'));
    expect(digests(inside)).toEqual(digests(await read(await workspace())));
    await writeFiles(path.join(outer, 'ünder "neath"'), { 'libs/lib/new.ts': 'new', 'libs/lib/l.ts': 'edited' });
    const changed = await read(path.join(outer, 'ünder "neath"'));
    expect(changed.digest('lib')).toBe(expected({ 'libs/lib/l.ts': blob('edited'), 'libs/lib/new.ts': blob('new') }));
  });

  it('when the repository uses SHA-256 so do the object ids, those of links included', async () => {
    const root = temporaryFolder();
    await writeFiles(root, FILES);
    git(root, 'init', '-q', '--object-format=sha256');
    git(root, 'add', '-A');
    git(root, 'commit', '-qm', 'all');
    await symlink('l.ts', path.join(root, 'libs/lib/link'));
    const source = await read(root);
    expect(source.commit).toHaveLength(64);
    expect(source.digest('lib')).toBe(expected({ 'libs/lib/l.ts': blob('lib', 'sha256'), 'libs/lib/link': blob('l.ts', 'sha256') }));
  });
});

/** Changes a working tree, and how dirty it makes which projects. */
const CHANGES: readonly { what: string; change: (root: string) => Promise<unknown>; projects: readonly string[] }[] = [
  { what: 'a file is edited', change: (root) => appendFile(path.join(root, 'libs/lib/l.ts'), '!'), projects: ['lib'] },
  { what: 'a file is added', change: (root) => writeFiles(root, { 'apps/app/inner/deep/new.ts': 'new' }), projects: ['inner'] },
  { what: 'a file is removed', change: (root) => unlink(path.join(root, 'apps/app/b.ts')), projects: ['app'] },
  { what: 'a folder is removed', change: (root) => rm(path.join(root, 'apps/app/b'), { recursive: true }), projects: ['app'] },
  { what: 'a file is renamed', change: (root) => rename(path.join(root, 'libs/lib/l.ts'), path.join(root, 'libs/lib/k.ts')), projects: ['lib'] },
  { what: 'a file moves to another project', change: (root) => rename(path.join(root, 'libs/lib/l.ts'), path.join(root, 'apps/app/l.ts')), projects: ['app', 'lib'] },
  { what: 'a file becomes a link', change: async (root) => (await unlink(path.join(root, 'libs/lib/l.ts')), symlink('../x', path.join(root, 'libs/lib/l.ts'))), projects: ['lib'] },
  { what: 'a dangling link is added', change: (root) => symlink('nowhere at all', path.join(root, 'libs/lib/link')), projects: ['lib'] },
  { what: 'a link to a folder is added', change: (root) => symlink('../../apps', path.join(root, 'libs/lib/link')), projects: ['lib'] },
  { what: 'a file becomes a folder', change: async (root) => (await unlink(path.join(root, 'libs/lib/l.ts')), writeFiles(root, { 'libs/lib/l.ts/in.ts': 'in' })), projects: ['lib'] },
  { what: 'a folder becomes a file', change: async (root) => (await rm(path.join(root, 'apps/app/b'), { recursive: true }), writeFiles(root, { 'apps/app/b': 'b' })), projects: ['app'] },
  { what: 'a folder becomes a link to one with the same files', change: async (root) => (await rename(path.join(root, 'libs/lib'), path.join(root, 'moved')), symlink('../moved', path.join(root, 'libs/lib'))), projects: ['lib', 'root'] },
  { what: 'a folder becomes a link to one with other files', change: async (root) => (await rename(path.join(root, 'apps/app'), path.join(root, 'libs/moved')), appendFile(path.join(root, 'libs/moved/b.ts'), '!'), symlink('../libs/moved', path.join(root, 'apps/app'))), projects: ['app', 'inner', 'root'] },
  { what: 'a folder becomes a link to itself', change: async (root) => (await rm(path.join(root, 'libs/lib'), { recursive: true }), symlink('lib', path.join(root, 'libs/lib'))), projects: ['lib', 'root'] },
  { what: 'an edit is staged', change: async (root) => (await appendFile(path.join(root, 'libs/lib/l.ts'), '!'), git(root, 'add', '-A')), projects: ['lib'] },
  { what: 'a removal is staged', change: async (root) => git(root, 'rm', '-q', 'libs/lib/l.ts'), projects: ['lib'] },
  { what: 'an addition is announced', change: async (root) => (await writeFiles(root, { 'libs/lib/n.ts': 'n' }), git(root, 'add', '-N', 'libs/lib/n.ts')), projects: ['lib'] },
  { what: 'an edit follows a staged one', change: async (root) => (await appendFile(path.join(root, 'libs/lib/l.ts'), '!'), git(root, 'add', '-A'), appendFile(path.join(root, 'libs/lib/l.ts'), '?')), projects: ['lib'] },
  { what: 'names hold newlines, quotes and tabs', change: (root) => writeFiles(root, { 'libs/lib/a\nb': '1', 'libs/lib/"q"': '2', 'libs/lib/t\tt\r': '3', 'libs/lib/\\': '4', 'libs/lib/ü ': '5' }), projects: ['lib'] },
];

describe('readSource of a changed working tree', () => {
  it.each(CHANGES)('when $what its project changes, and committing it changes nothing more', async ({ change, projects }) => {
    const root = await workspace();
    const before = digests(await read(root));
    await change(root);
    const dirty = await read(root);
    const changed = Object.keys(before).filter((name) => before[name] !== digests(dirty)[name]);
    expect(changed.sort()).toEqual([...projects].sort());
    expect(dirty.dirty).toBe(true);
    git(root, 'add', '-A');
    git(root, 'commit', '-qm', 'change');
    const committed = await read(root);
    expect(digests(committed)).toEqual(digests(dirty));
    expect(committed.dirty).toBe(false);
    const clone = path.join(temporaryFolder(), 'clone');
    git(root, 'clone', '-q', root, clone);
    expect(digests(await read(clone))).toEqual(digests(dirty));
  });

  it('when a name is not UTF-8 its bytes count', async () => {
    const root = await workspace();
    const name = Buffer.concat([Buffer.from(`${root}/libs/lib/`), Buffer.from([0xff, 0xe9])]);
    await writeFile(name, 'latin');
    const dirty = await read(root);
    const line = Buffer.concat([Buffer.from('libs/lib/l.ts\0' + blob('lib') + '\nlibs/lib/'), Buffer.from([0xff, 0xe9]), Buffer.from(`\0${blob('latin')}\n`)]);
    expect(dirty.digest('lib')).toBe(createHash('sha256').update(line).digest('hex'));
    git(root, 'add', '-A');
    git(root, 'commit', '-qm', 'change');
    expect(digests(await read(root))).toEqual(digests(dirty));
  });

  it('when only the mode or time of a file changes nothing changes but, for the mode, dirty', async () => {
    const root = await workspace();
    const before = digests(await read(root));
    utimesSync(path.join(root, 'libs/lib/l.ts'), 1, 1);
    const touched = await read(root);
    expect([digests(touched), touched.dirty]).toEqual([before, false]);
    chmodSync(path.join(root, 'libs/lib/l.ts'), 0o755);
    expect(digests(await read(root))).toEqual(before);
  });

  it('when an edit keeps size and time it is seen', async () => {
    const root = await workspace();
    const file = path.join(root, 'libs/lib/l.ts');
    git(root, 'config', 'core.trustctime', 'false');
    git(root, 'config', 'core.checkStat', 'minimal');
    utimesSync(file, 1000, 1000);
    git(root, 'status');
    const before = await read(root);
    // what remains is the time of change, of which git keeps the seconds
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await writeFile(file, 'LIB');
    utimesSync(file, 1000, 1000);
    expect((await read(root)).digest('lib')).not.toBe(before.digest('lib'));
  });

  it('when ignored files or proofs change nothing changes, even when proofs are tracked', async () => {
    const root = await workspace({ ...FILES, '.gitignore': 'dist\n', 'apps/app/.proof/create/tracked.json': '1' });
    const before = await read(root);
    await writeFiles(root, { 'libs/lib/dist/x.js': 'x', 'libs/lib/.proof/create/statement.intoto.json': 's', '.proof/x': 'y', 'apps/app/.proof/create/tracked.json': '2' });
    const after = await read(root);
    expect([digests(after), before.dirty, after.dirty]).toEqual([digests(before), false, false]);
  });

  it.each(['--assume-unchanged', '--skip-worktree'])('when git is told to overlook a file (%s) its content counts all the same', async (flag) => {
    const root = await workspace();
    const before = await read(root);
    git(root, 'update-index', flag, 'libs/lib/l.ts');
    expect(digests(await read(root))).toEqual(digests(before));
    await writeFile(path.join(root, 'libs/lib/l.ts'), 'hidden');
    expect((await read(root)).digest('lib')).toBe(expected({ 'libs/lib/l.ts': blob('hidden') }));
  });

  it('when a sparse checkout leaves files out they count as committed', async () => {
    const root = await workspace();
    const before = await read(root);
    git(root, 'sparse-checkout', 'set', 'apps');
    expect(await readFile(path.join(root, 'libs/lib/l.ts')).catch(() => 'gone')).toBe('gone');
    expect(digests(await read(root))).toEqual(digests(before));
  });

  it('when a merge is in conflict the file counts once, as it is on disk', async () => {
    const root = await workspace();
    git(root, 'checkout', '-qb', 'other');
    await writeFile(path.join(root, 'libs/lib/l.ts'), 'theirs');
    git(root, 'commit', '-qam', 'theirs');
    git(root, 'checkout', '-q', 'main');
    await writeFile(path.join(root, 'libs/lib/l.ts'), 'ours');
    git(root, 'commit', '-qam', 'ours');
    expect(() => git(root, 'merge', 'other')).toThrow();
    const content = await readFile(path.join(root, 'libs/lib/l.ts'), 'utf8');
    expect(content).toContain('<<<<<<<');
    expect((await read(root)).digest('lib')).toBe(expected({ 'libs/lib/l.ts': blob(content) }));
  });

  it('when git has filters for a file they apply', async () => {
    const root = await workspace({ ...FILES, '.gitattributes': 'libs/lib/*.up filter=up\n' });
    git(root, 'config', 'filter.up.clean', 'tr a-z A-Z');
    await writeFiles(root, { 'libs/lib/x.up': 'shout' });
    expect((await read(root)).digest('lib')).toBe(expected({ 'libs/lib/l.ts': blob('lib'), 'libs/lib/x.up': blob('SHOUT') }));
  });

  it('when only the repository around the workspace changes it is dirty and the digests stay', async () => {
    const outer = temporaryFolder();
    await writeFiles(path.join(outer, 'ws'), FILES);
    commitAll(outer);
    const before = await read(path.join(outer, 'ws'));
    await writeFiles(outer, { 'outside.txt': 'x' });
    const after = await read(path.join(outer, 'ws'));
    expect([digests(after), before.dirty, after.dirty]).toEqual([digests(before), false, true]);
  });
});

describe('readSource with repositories inside', () => {
  async function withSubmodule(): Promise<{ root: string; sub: string }> {
    const module = temporaryFolder();
    await writeFiles(module, { 'm.ts': 'm' });
    commitAll(module);
    const root = await workspace();
    git(root, 'submodule', '--quiet', 'add', module, 'libs/lib/sub');
    git(root, 'commit', '-qm', 'sub');
    return { root, sub: path.join(root, 'libs/lib/sub') };
  }

  it('when a submodule is at another commit that commit counts, as it does once recorded', async () => {
    const { root, sub } = await withSubmodule();
    const recorded = git(sub, 'rev-parse', 'HEAD').trim();
    expect((await read(root)).digest('lib')).toBe(expected({ 'libs/lib/l.ts': blob('lib'), 'libs/lib/sub': recorded }));
    await writeFiles(sub, { 'n.ts': 'n' });
    git(sub, 'add', '-A');
    git(sub, 'commit', '-qm', 'n');
    const moved = await read(root);
    expect(moved.digest('lib')).toBe(expected({ 'libs/lib/l.ts': blob('lib'), 'libs/lib/sub': git(sub, 'rev-parse', 'HEAD').trim() }));
    expect(moved.dirty).toBe(true);
    git(root, 'commit', '-qam', 'move');
    expect(digests(await read(root))).toEqual(digests(moved));
  });

  it('when a submodule is not checked out, or dirty inside, its commit counts', async () => {
    const { root, sub } = await withSubmodule();
    const before = await read(root);
    await writeFile(path.join(sub, 'm.ts'), 'dirty');
    const dirty = await read(root);
    expect([digests(dirty), dirty.dirty]).toEqual([digests(before), true]);
    const clone = path.join(temporaryFolder(), 'clone');
    git(root, 'clone', '-q', root, clone);
    expect(digests(await read(clone))).toEqual(digests(before));
  });

  it('when a repository lies in a project without being a submodule its commit counts, as git add records it', async () => {
    const root = await workspace();
    const nested = path.join(root, 'libs/lib/nested');
    await writeFiles(nested, { 'n.ts': 'n' });
    commitAll(nested);
    const dirty = await read(root);
    expect(dirty.digest('lib')).toBe(expected({ 'libs/lib/l.ts': blob('lib'), 'libs/lib/nested': git(nested, 'rev-parse', 'HEAD').trim() }));
    git(root, 'add', '-A');
    git(root, 'commit', '-qm', 'nested');
    expect(digests(await read(root))).toEqual(digests(dirty));
  });

  it('when that repository has no commit it says where', async () => {
    const root = await workspace();
    await mkdir(path.join(root, 'libs/lib/nested'));
    git(path.join(root, 'libs/lib/nested'), 'init', '-q');
    await expect(read(root)).rejects.toMatchObject({ code: 'GIT_REQUIRED', message: expect.stringContaining('libs/lib/nested') as string });
  });
});

describe('readSource without what it needs', () => {
  it('when there is no git it says so', async () => {
    const root = await workspace();
    const reading = readSource(root, PROJECTS, new AbortController().signal, { PATH: path.join(root, 'nothing') });
    await expect(reading).rejects.toMatchObject({ code: 'GIT_REQUIRED', message: expect.stringContaining('git cannot be run (ENOENT)') as string });
  });

  it('when the folder is in no repository it says so', async () => {
    await expect(read(temporaryFolder())).rejects.toMatchObject({ code: 'GIT_REQUIRED', message: expect.stringContaining('not a git repository') as string });
  });

  it('when the repository has no working tree it says so', async () => {
    const root = temporaryFolder();
    git(root, 'init', '-q', '--bare');
    await expect(read(root)).rejects.toMatchObject({ code: 'GIT_REQUIRED', message: expect.stringContaining('working tree') as string });
  });

  it('when there is no commit it says so', async () => {
    const root = temporaryFolder();
    git(root, 'init', '-q');
    await expect(read(root)).rejects.toMatchObject({ code: 'GIT_REQUIRED', message: expect.stringContaining('has no commit') as string });
  });

  it('when the index is damaged it reports what git says', async () => {
    const root = await workspace();
    await writeFile(path.join(root, '.git/index'), 'garbage');
    await expect(read(root)).rejects.toMatchObject({ code: 'IO_ERROR', message: expect.stringMatching(/git .* failed \(exit 128\): .*index/s) as string });
  });

  it('when interrupted it ends', async () => {
    const root = await workspace();
    await expect(read(root, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
    const controller = new AbortController();
    const reading = read(root, controller.signal);
    setTimeout(() => controller.abort(), 3);
    await expect(reading).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it.skipIf(process.getuid?.() === 0)('when a changed file cannot be read it reports what git says', async () => {
    const root = await workspace();
    await writeFiles(root, { 'libs/lib/secret': 'x' });
    await chmod(path.join(root, 'libs/lib/secret'), 0);
    await expect(read(root)).rejects.toMatchObject({ code: 'IO_ERROR' });
  });
});

describe('readSource and its surroundings', () => {
  it('when run by a git hook it looks at the workspace all the same', async () => {
    const other = await workspace({ 'other.txt': 'other' });
    const root = await workspace();
    const variables = { ...process.env, GIT_DIR: path.join(other, '.git'), GIT_WORK_TREE: other, GIT_INDEX_FILE: path.join(other, '.git/index'), GIT_PREFIX: 'x/' };
    const source = await readSource(root, PROJECTS, new AbortController().signal, variables);
    expect([source.commit, digests(source)]).toEqual([(await read(root)).commit, digests(await read(root))]);
  });

  it('when the repository names a program to watch files it does not run it', async () => {
    const root = await workspace();
    const mark = path.join(temporaryFolder(), 'ran');
    const hook = path.join(temporaryFolder(), 'hook.sh');
    await writeFile(hook, `#!/bin/sh\ntouch '${mark}'\n`, { mode: 0o755 });
    git(root, 'config', 'core.fsmonitor', hook);
    await read(root);
    await expect(readFile(mark)).rejects.toMatchObject({ code: 'ENOENT' });
    git(root, 'status');
    expect(await readFile(mark, 'utf8')).toBe('');
  });

  it('when it has read the index it has not written it', async () => {
    const root = await workspace();
    utimesSync(path.join(root, 'libs/lib/l.ts'), 1, 1);
    const before = statSync(path.join(root, '.git/index'), { bigint: true });
    await read(root);
    const after = statSync(path.join(root, '.git/index'), { bigint: true });
    expect([after.mtimeNs, after.ino]).toEqual([before.mtimeNs, before.ino]);
  });

  it('when there are many changed files each keeps its own content', async () => {
    const root = await workspace();
    const files = Object.fromEntries(Array.from({ length: 2500 }, (_, index) => [`libs/lib/f${String(index).padStart(4, '0')}`, `content ${index}`]));
    await writeFiles(root, files);
    const ids = Object.fromEntries(Object.entries(files).map(([name, content]) => [name, blob(content)]));
    expect((await read(root)).digest('lib')).toBe(expected({ ...ids, 'libs/lib/l.ts': blob('lib') }));
  });
});
