import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openMachineKey } from '../../src/machine-key';
import { TRUST_FOLDER, importTrustRoot, loadTrustRoot, openImport, trustSettings } from '../../src/trust';
import { testEnv } from '../support/env';
import { temporaryFolder, writeFiles } from '../support/folder';
import { trustedRootWith } from '../support/tuf/repository';
import { TrustSite, operatorOf } from '../support/tuf/site';

const HOUR_MS = 3600 * 1000;
const settings = trustSettings({}, { offline: true });

let site: TrustSite;
let folder: string;
beforeEach(async () => {
  site = await TrustSite.open();
  folder = temporaryFolder();
});
afterEach(() => site.close());

const bring = async (from: string) => {
  const { download, fetchedAt } = await openImport(from, site.source, site.env.now());
  return importTrustRoot(await site.context({ settings }), site.source, download, fetchedAt);
};
/** A cache entry made elsewhere: by another machine key, in another workspace. */
async function entryFromElsewhere(): Promise<string> {
  const workspaceRoot = temporaryFolder();
  const home = temporaryFolder();
  const machineKey = await openMachineKey(testEnv({ XDG_CONFIG_HOME: home, APPDATA: home }), workspaceRoot);
  await loadTrustRoot(await site.context({ workspaceRoot, machineKey }), site.source);
  const file = path.join(folder, 'trust.entry');
  await copyFile(path.join(workspaceRoot, TRUST_FOLDER, `${site.source.id}.entry`), file);
  return file;
}
const mirrorFolder = async (): Promise<string> => {
  await writeFiles(folder, Object.fromEntries(site.repository.files));
  return folder;
};

describe('importing a trust root', () => {
  it('works from a cache entry of another machine, and is stale from the start', async () => {
    const file = await entryFromElsewhere();
    site.clock = HOUR_MS;
    const root = await bring(file);
    expect(root).toMatchObject({ state: 'stale', description: expect.stringContaining('fetched 60 min ago') });
    expect(operatorOf(await site.load({ settings }))).toBe('one');
    site.clock = 169 * HOUR_MS;
    await expect(site.load({ settings })).rejects.toMatchObject({ code: 'TRUST_EXPIRED' });
  });

  it('works from a folder with a copy of the repository', async () => {
    expect(operatorOf(await bring(await mirrorFolder()))).toBe('one');
    site.rotate('two');
    site.repository.publishRoot(['root', 'timestamp']);
    site.repository.publishTimestamp();
    expect(await bring(await mirrorFolder())).toMatchObject({ state: 'stale', versions: { root: 2, targets: 2 } });
    expect(operatorOf(await site.load({ settings }))).toBe('two');
    expect(site.mirror.asked()).toEqual([]);
  });

  it('goes on from what is there: what is older is refused, what is known changes nothing', async () => {
    const copy = await entryFromElsewhere();
    site.clock = HOUR_MS;
    const before = await site.load();
    expect(await bring(copy)).toMatchObject({ state: 'fresh', fetchedAt: before.fetchedAt });
    site.rotate('two');
    await site.refresh();
    // Known are the newer versions: those of the copy would be a step back.
    await expect(bring(copy)).rejects.toMatchObject({ code: 'TRUST_REFUSED' });
    expect(operatorOf(await site.load())).toBe('two');
  });

  it('verifies what it takes over', async () => {
    const name = [...site.repository.files.keys()].find((file) => file.startsWith('targets/'))!;
    site.repository.files.set(name, Buffer.from(site.repository.files.get(name)!.toString().replace('"one"', '"eno"')));
    await expect(bring(await mirrorFolder())).rejects.toMatchObject({ code: 'TRUST_REFUSED' });
    await expect(site.load({ settings })).rejects.toMatchObject({ code: 'TRUST_UNAVAILABLE' });
  });

  it.each([
    ['nothing', 'none', 'import not found'],
    ['a trusted root', 'trusted_root.json', 'trust.root.file'],
    ['an empty folder', 'empty', 'has no timestamp.json'],
    ['an entry of another source', 'other.entry', 'of another trust source'],
  ])('is not done from %s', async (_, name, message) => {
    await mkdir(path.join(folder, 'empty'));
    await writeFile(path.join(folder, 'trusted_root.json'), trustedRootWith('pinned'));
    const other = await TrustSite.open();
    await other.load();
    await copyFile(other.entry, path.join(folder, 'other.entry'));
    await other.close();
    await expect(bring(path.join(folder, name))).rejects.toMatchObject({ code: 'TRUST_IMPORT_INVALID', message: expect.stringContaining(message) });
  });

  it('reads no file that is too large', async () => {
    await mirrorFolder();
    await writeFile(path.join(folder, 'timestamp.json'), Buffer.alloc(20_000, ' '));
    await expect(bring(folder)).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
  });

  it('says so when a file cannot be read', async () => {
    await mirrorFolder();
    await mkdir(path.join(folder, '2.root.json'));
    await expect(bring(folder)).rejects.toMatchObject({ code: 'EISDIR' });
  });
});
