import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileAtomic, isWithin, lstatIfExists, readDocument, toNative, toWorkspacePath, writeFileAtomic } from '../src/files';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'nx-proof-files-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('writeFileAtomic', () => {
  it('makes missing folders, replaces content and leaves no temporary file', async () => {
    const file = path.join(folder, 'a', 'b.json');
    await writeFileAtomic(file, 'one');
    await writeFileAtomic(file, Buffer.from('two'));
    expect(await readFile(file, 'utf8')).toBe('two');
    expect(await readdir(path.dirname(file))).toEqual(['b.json']);
  });

  it('writes a stream', async () => {
    const file = path.join(folder, 'stream');
    const chunks = async function* () {
      for (const chunk of ['a', 'b', 'c']) yield await Promise.resolve(Buffer.from(chunk));
    };
    await writeFileAtomic(file, chunks());
    expect(await readFile(file, 'utf8')).toBe('abc');
  });

  it('keeps the old content and cleans up when the content fails half-way', async () => {
    const file = path.join(folder, 'kept');
    await writeFileAtomic(file, 'old');
    const failing = async function* () {
      yield await Promise.resolve(Buffer.from('new'));
      throw new Error('source failed');
    };
    await expect(writeFileAtomic(file, failing())).rejects.toThrow('source failed');
    expect(await readFile(file, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['kept']);
  });

  it.skipIf(path.sep !== '/')('gives the file the mode asked for, whatever the umask', async () => {
    const file = path.join(folder, 'secret');
    await writeFileAtomic(file, 'x', { mode: 0o600 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('does not replace a folder', async () => {
    await mkdir(path.join(folder, 'target', 'child'), { recursive: true });
    await expect(writeFileAtomic(path.join(folder, 'target'), 'x')).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['target']);
  });
});

describe('createFileAtomic', () => {
  it('makes a file with its mode, and never writes over one that is there', async () => {
    const file = path.join(folder, 'new', 'key.pem');
    await createFileAtomic(file, 'first', { mode: 0o600 });
    await expect(createFileAtomic(file, 'second')).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await readFile(file, 'utf8')).toBe('first');
    expect(await readdir(path.dirname(file))).toEqual(['key.pem']);
    if (path.sep === '/') expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('when many make the same file exactly one succeeds', async () => {
    const file = path.join(folder, 'one');
    const results = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => createFileAtomic(file, `content ${index}`)));
    const winners = results.flatMap((result, index) => (result.status === 'fulfilled' ? [`content ${index}`] : []));
    expect(winners).toEqual([await readFile(file, 'utf8')]);
  });
});

describe('readDocument', () => {
  const options = { missing: 'POLICY_NOT_FOUND', what: 'policy' } as const;

  it('reads a document', async () => {
    await writeFile(path.join(folder, 'p.json'), '{}');
    expect((await readDocument(path.join(folder, 'p.json'), options)).toString()).toBe('{}');
  });

  it('reads a document of several chunks whole', async () => {
    const content = randomBytes(200_000);
    await writeFile(path.join(folder, 'p.json'), content);
    expect((await readDocument(path.join(folder, 'p.json'), options)).equals(content)).toBe(true);
  });

  it.skipIf(process.platform !== 'linux')('reads no more than it may, also of a file whose size says less than is in it', async () => {
    await expect(readDocument('/proc/self/status', { ...options, maxBytes: 100 })).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
  });

  it.each(['absent.json', 'p.json/below'])('reports %s as not found with the code of its kind', async (name) => {
    await writeFile(path.join(folder, 'p.json'), '{}');
    const file = path.join(folder, ...name.split('/'));
    await expect(readDocument(file, options)).rejects.toMatchObject({ code: 'POLICY_NOT_FOUND', message: expect.stringContaining(file) as string });
  });

  it('refuses a document over its limit without reading it', async () => {
    await writeFile(path.join(folder, 'big'), 'x'.repeat(11));
    await expect(readDocument(path.join(folder, 'big'), { ...options, maxBytes: 10 })).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
  });

  it('refuses a folder', async () => {
    await expect(readDocument(folder, options)).rejects.toMatchObject({ code: 'POLICY_NOT_FOUND' });
  });

  it.skipIf(path.sep !== '/')('passes on other failures of the file system', async () => {
    await symlink('loop', path.join(folder, 'loop'));
    await expect(readDocument(path.join(folder, 'loop'), options)).rejects.toMatchObject({ code: 'ELOOP' });
    await expect(lstatIfExists(path.join(folder, 'x'.repeat(300)))).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
  });
});

describe('paths', () => {
  it('turns workspace paths into native ones and back', () => {
    const native = toNative(folder, 'apps/app/dist');
    expect(native).toBe(path.join(folder, 'apps', 'app', 'dist'));
    expect(toWorkspacePath(folder, native)).toBe('apps/app/dist');
    expect(toWorkspacePath(folder, folder)).toBe('.');
    expect(toWorkspacePath(path.join(folder, 'a'), path.join(folder, 'b'))).toBeUndefined();
    expect(toWorkspacePath(folder, path.join(folder, '..hidden', 'x'))).toBe('..hidden/x');
  });

  it('handles Windows paths: separators, case of drives, other drives', () => {
    expect(toWorkspacePath('C:\\ws', 'C:\\ws\\apps\\app', path.win32)).toBe('apps/app');
    expect(toWorkspacePath('C:\\ws', 'c:\\ws\\apps', path.win32)).toBe('apps');
    expect(toWorkspacePath('C:\\ws', 'D:\\ws\\apps', path.win32)).toBeUndefined();
    expect(toWorkspacePath('C:\\ws', 'C:\\other', path.win32)).toBeUndefined();
  });

  it('knows what lies within what', () => {
    expect(isWithin('apps/app', 'apps/app/dist')).toBe(true);
    expect(isWithin('apps/app', 'apps/app')).toBe(true);
    expect(isWithin('.', 'anything')).toBe(true);
    expect(isWithin('apps/app', 'apps/app2')).toBe(false);
  });
});
