import { chmod, chown, mkdir, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openMachineKey } from '../src/machine-key';
import { userFolder } from '../src/user-folder';
import { testEnv } from './support/env';
import { temporaryFolder } from './support/folder';

let home: string;
let workspace: string;
let file: string;
const data = Buffer.from('data');
beforeEach(() => {
  home = temporaryFolder();
  workspace = temporaryFolder();
  file = path.join(home, 'nx-proof', 'machine.key');
});

const open = (config = home) => openMachineKey(testEnv({ XDG_CONFIG_HOME: config, APPDATA: config }), workspace);

describe('the machine key', () => {
  it('is made at its first use, for this user alone, once for all who ask at the same time', async () => {
    const macs = await Promise.all(Array.from({ length: 10 }, async () => (await open())!.mac('memo', data)));
    expect(new Set(macs).size).toBe(1);
    expect((await open())!.mac('memo', data)).toBe(macs[0]);
    expect(await readdir(path.dirname(file))).toEqual(['machine.key']);
    if (process.platform !== 'win32') {
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect((await stat(path.dirname(file))).mode & 0o777).toBe(0o700);
    }
  });

  it('vouches for the data and the purpose that it was used for, and nothing else', async () => {
    const key = (await open())!;
    const mac = key.mac('trust-entry', data);
    expect(mac).toMatch(/^[0-9a-f]{64}$/);
    expect(key.verify('trust-entry', data, mac)).toBe(true);
    expect(key.verify('memo', data, mac)).toBe(false);
    expect(key.verify('trust-entry', Buffer.from('Data'), mac)).toBe(false);
    for (const other of ['', mac.slice(1), `${mac}0`, mac.replace(/^./, (digit) => (digit === '0' ? '1' : '0')), 'é'.repeat(32)]) expect(key.verify('trust-entry', data, other)).toBe(false);
    expect((await open(temporaryFolder()))!.verify('trust-entry', data, mac)).toBe(false);
    expect(mac).not.toContain((await readFile(file, 'utf8')).trim());
  });

  it('is none when the folder of the user lies in the workspace, also behind a link', async () => {
    await mkdir(path.join(workspace, 'config/nx-proof'), { recursive: true });
    await writeFile(path.join(workspace, 'config/nx-proof/machine.key'), `${'0'.repeat(64)}\n`, { mode: 0o600 });
    expect(await open(path.join(workspace, 'config'))).toBeUndefined();
    await symlink(path.join(workspace, 'config'), path.join(home, 'link'));
    expect(await open(path.join(home, 'link'))).toBeUndefined();
    await symlink(path.join(workspace, 'config/nx-proof'), path.join(home, 'nx-proof'));
    expect(await open()).toBeUndefined();
  });

  it('is none where it cannot be kept', async () => {
    await writeFile(path.join(home, 'nx-proof'), '');
    expect(await open()).toBeUndefined();
  });

  it.each(['', 'abc\n', `${'0'.repeat(64)}`, `${'0'.repeat(64)}\n\n`, `${'G'.repeat(64)}\n`])('is not read from %j', async (content) => {
    await mkdir(path.dirname(file));
    await writeFile(file, content, { mode: 0o600 });
    await expect(open()).rejects.toMatchObject({ code: 'KEY_INVALID', details: { file } });
  });

  it.skipIf(process.platform === 'win32')('is refused when others can read or write it', async () => {
    await open();
    for (const mode of [0o640, 0o604, 0o620]) {
      await chmod(file, mode);
      await expect(open()).rejects.toMatchObject({ code: 'KEY_PERMISSIONS', details: { file, mode: mode.toString(8) } });
    }
  });

  it.runIf(process.platform !== 'win32' && process.geteuid?.() === 0)('is refused when another user made it', async () => {
    await open();
    await chown(file, 65534, 65534);
    await expect(open()).rejects.toMatchObject({ code: 'KEY_PERMISSIONS', details: { uid: 65534 } });
  });

  it('that is a link to nothing cannot be made', async () => {
    await mkdir(path.dirname(file));
    await symlink(path.join(home, 'nothing'), file);
    await expect(open()).rejects.toMatchObject({ code: 'KEY_INVALID' });
    await rm(file);
    await mkdir(file, { mode: 0o700 });
    expect(await open()).toBeUndefined();
  });
});

describe('the folder of the user', () => {
  it.each([
    ['linux', { XDG_CONFIG_HOME: '/config' }, '/config/nx-proof'],
    ['linux', { XDG_CONFIG_HOME: 'config' }, '/home/me/.config/nx-proof'],
    ['darwin', {}, '/home/me/.config/nx-proof'],
    ['win32', { APPDATA: 'C:\\Users\\me\\AppData\\Roaming', XDG_CONFIG_HOME: '/config' }, 'C:\\Users\\me\\AppData\\Roaming\\nx-proof'],
    ['win32', { APPDATA: 'AppData' }, '\\home\\me\\AppData\\Roaming\\nx-proof'],
  ] as const)('is on %s with %j %s', (platform, variables, folder) => {
    expect(userFolder(variables, platform, '/home/me')).toBe(folder);
  });
});
