import { chmod, chown, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { locateSigningKey, publicKeyFile, readKeyFile, writeKeyFiles } from '../../src/sign';
import { temporaryFolder } from '../support/folder';

const isPosix = path.sep === '/';

describe('locateSigningKey', () => {
  it('when asked it is a file in the folder of the user', () => {
    const settings = temporaryFolder();
    expect(locateSigningKey({ XDG_CONFIG_HOME: settings, APPDATA: settings })).toBe(path.join(settings, 'nx-proof', 'signing.key.pem'));
  });
});

describe('publicKeyFile', () => {
  it('when given the file of a private key it is the one beside it', () => {
    expect(['/a/ci.key.pem', '/a/ci.pem', '/a/ci', '/a.key.pem/ci.key'].map(publicKeyFile)).toEqual(['/a/ci.pub.pem', '/a/ci.pub.pem', '/a/ci.pub.pem', '/a.key.pem/ci.key.pub.pem']);
  });
});

describe('writeKeyFiles', () => {
  it('when nothing is there it writes both, the private one for its user alone', async () => {
    const file = path.join(temporaryFolder(), 'nx-proof', 'signing.key.pem');
    const publicFile = await writeKeyFiles(file, 'private', 'public');
    expect(await readFile(file, 'utf8')).toBe('private');
    expect(await readFile(publicFile, 'utf8')).toBe('public');
    expect(await readdir(path.dirname(file))).toEqual(['signing.key.pem', 'signing.pub.pem']);
    if (isPosix) {
      const modes = await Promise.all([file, publicFile, path.dirname(file)].map(async (each) => (await stat(each)).mode & 0o777));
      expect(modes).toEqual([0o600, 0o644, 0o700]);
    }
  });

  it.each(['x.key.pem', 'x.pub.pem'])('when %s is there it writes neither', async (existing) => {
    const folder = temporaryFolder();
    await writeFile(path.join(folder, existing), 'mine');
    await expect(writeKeyFiles(path.join(folder, 'x.key.pem'), 'private', 'public')).rejects.toMatchObject({ code: 'KEY_EXISTS', message: expect.stringContaining(existing) as string });
    expect(await readdir(folder)).toEqual([existing]);
    expect(await readFile(path.join(folder, existing), 'utf8')).toBe('mine');
  });

  it('when many write at once one succeeds, and its two files belong together', async () => {
    const file = path.join(temporaryFolder(), 'x.key.pem');
    const results = await Promise.allSettled(Array.from({ length: 10 }, (_, index) => writeKeyFiles(file, `private ${index}`, `public ${index}`)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'KEY_EXISTS' });
    expect((await readFile(file, 'utf8')).replace('private', 'public')).toBe(await readFile(publicKeyFile(file), 'utf8'));
  });

  it.skipIf(!isPosix)('when the folder cannot be made the failure of the file system passes', async () => {
    const folder = temporaryFolder();
    await writeFile(path.join(folder, 'file'), '');
    await expect(writeKeyFiles(path.join(folder, 'file', 'x', 'x.key.pem'), 'a', 'b')).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});

describe('readKeyFile', () => {
  async function keyFile(mode = 0o600): Promise<string> {
    const file = path.join(temporaryFolder(), 'x.key.pem');
    await writeFile(file, 'key', { mode });
    await chmod(file, mode);
    return file;
  }

  it('when the file is private it reads it, also through a link', async () => {
    const file = await keyFile();
    expect(await readKeyFile(file)).toBe('key');
    const link = path.join(temporaryFolder(), 'link');
    await symlink(file, link);
    expect(await readKeyFile(link)).toBe('key');
  });

  it('when there is no file it is undefined', async () => {
    const folder = temporaryFolder();
    expect(await readKeyFile(path.join(folder, 'none'))).toBeUndefined();
    expect(await readKeyFile(path.join(await keyFile(), 'below a file'))).toBeUndefined();
  });

  it.skipIf(!isPosix).each([0o640, 0o604, 0o660, 0o601, 0o677, 0o444])('when its mode is %o it refuses it', async (mode) => {
    await expect(readKeyFile(await keyFile(mode))).rejects.toMatchObject({ code: 'KEY_PERMISSIONS', message: expect.stringContaining(mode.toString(8)) as string });
  });

  it.skipIf(!isPosix)('when a link leads to a file that others can read it refuses it', async () => {
    const link = path.join(temporaryFolder(), 'link');
    await symlink(await keyFile(0o644), link);
    await expect(readKeyFile(link)).rejects.toMatchObject({ code: 'KEY_PERMISSIONS' });
  });

  it.skipIf(!isPosix)('when it belongs to another user it refuses it', async () => {
    const file = await keyFile();
    const own = (await stat(file)).uid;
    if (own === 0) await chown(file, 4242, 4242);
    const reading = own === 0 ? readKeyFile(file) : readKeyFile(file, own + 1);
    await expect(reading).rejects.toMatchObject({ code: 'KEY_PERMISSIONS', message: expect.stringContaining('another user') as string });
    // an owner that cannot be told apart is not held against it
    expect(await readKeyFile(file, own === 0 ? 4242 : own)).toBe('key');
  });

  it('when it is a folder, or too large to be a key, it refuses it', async () => {
    const folder = temporaryFolder();
    await mkdir(path.join(folder, 'folder'));
    await writeFile(path.join(folder, 'large'), 'x'.repeat(70_000), { mode: 0o600 });
    for (const name of ['folder', 'large']) await expect(readKeyFile(path.join(folder, name))).rejects.toMatchObject({ code: 'KEY_INVALID' });
  });

  it.skipIf(!isPosix)('when the file system fails otherwise the failure passes', async () => {
    const folder = temporaryFolder();
    await symlink('loop', path.join(folder, 'loop'));
    await expect(readKeyFile(path.join(folder, 'loop'))).rejects.toMatchObject({ code: 'ELOOP' });
  });
});
