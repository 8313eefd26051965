import { createHash } from 'node:crypto';
import { chmod, chown, copyFile, mkdir, readFile, readdir, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttp } from '../../src/http';
import { TRUST_FOLDER, loadTrustRoot, pinnedSource, publicGoodSeed, trustSettings, tufSource } from '../../src/trust';
import { temporaryFolder } from '../support/folder';
import { TufRepository, trustedRootWith } from '../support/tuf/repository';
import { TrustSite, operatorOf } from '../support/tuf/site';

const HOUR_MS = 3600 * 1000;
const COLD = ['2.root.json', 'timestamp.json', '1.snapshot.json', '1.targets.json', expect.stringMatching(/^targets\/[0-9a-f]{64}\.trusted_root\.json$/)];

let site: TrustSite;
beforeEach(async () => {
  site = await TrustSite.open();
});
afterEach(() => site.close());

const aside = async (): Promise<string[]> => (await readdir(site.file(''))).filter((name) => name.includes('.damaged-'));

interface Body {
  fetchedAt: string;
  metadata: Record<string, string>;
  roots: string[];
  trustedRoot: string;
}

/** Changes the entry as somebody would who can write to the workspace and knows the format, but not the machine key. */
async function forge(change: (body: Body) => void, mac?: string): Promise<void> {
  const [header = '', line = ''] = (await readFile(site.entry, 'utf8')).split('\n');
  const body = JSON.parse(line) as Body;
  change(body);
  const forged = JSON.stringify(body);
  const sha256 = createHash('sha256').update(forged).digest('hex');
  await writeFile(site.entry, `${JSON.stringify({ ...(JSON.parse(header) as object), sha256, ...(mac === undefined ? {} : { mac }) })}\n${forged}\n`);
}

describe('a trust root from a TUF repository', () => {
  it('is fetched once, and not again while the entry is fresh', async () => {
    const cold = await site.load();
    expect(cold).toMatchObject({ state: 'fresh', versions: { root: 1, timestamp: 1, snapshot: 1, targets: 1 }, warnings: [] });
    expect(cold.description).toBe(`trust root of ${site.mirror.url}, fetched 0 min ago`);
    expect(operatorOf(cold)).toBe('one');
    expect(site.mirror.asked()).toEqual(COLD);
    expect(await site.load()).toEqual(cold);
    expect(site.mirror.asked()).toEqual([]);
    expect((await readdir(site.file(''))).sort()).toEqual([`${site.source.id}.entry`, 'audit.jsonl'].sort());
  });

  it('is shared by those who ask at the same time', async () => {
    const roots = await Promise.all(Array.from({ length: 8 }, () => site.load()));
    expect(new Set(roots.map(({ sha256 }) => sha256)).size).toBe(1);
    expect(site.mirror.asked()).toEqual(COLD);
  });

  it('is used when stale, without asking, and a refresh is asked for once a minute', async () => {
    await site.load();
    site.mirror.asked();
    site.clock = 25 * HOUR_MS;
    expect(await site.load()).toMatchObject({ state: 'stale', description: expect.stringContaining('fetched 25 h ago') });
    expect(await site.load()).not.toHaveProperty('notAfter');
    expect(site.mirror.asked()).toEqual([]);
    expect(site.later).toBe(1);
    site.clock += 61_000;
    await site.load();
    expect(site.later).toBe(2);
  });

  it('is refreshed by who may not be delayed only where nobody else is at it', async () => {
    await site.load();
    site.clock = 25 * HOUR_MS;
    site.mirror.fault = 'hang';
    const hanging = site.refresh({ ifStale: true }).catch(() => undefined);
    while (site.mirror.calls.length < 6) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await site.load()).toMatchObject({ state: 'stale' });
    expect(site.later).toBe(0);
    await site.cut();
    await hanging;
  });

  it('is picked up at the time to live when it has rotated', async () => {
    await site.load();
    site.rotate('two');
    expect(operatorOf(await site.load())).toBe('one');
    site.clock = 25 * HOUR_MS;
    expect(operatorOf(await site.load())).toBe('one');
    expect(site.later).toBe(1);
    site.mirror.asked();
    expect(operatorOf(await site.refresh({ ifStale: true }))).toBe('two');
    expect(site.mirror.asked()).toEqual(['2.root.json', 'timestamp.json', '2.snapshot.json', '2.targets.json', expect.stringContaining('trusted_root.json')]);
    expect(await site.load()).toMatchObject({ state: 'fresh', versions: { root: 1, timestamp: 2, snapshot: 2, targets: 2 } });
  });

  it('is picked up by a refresh at once, also when all keys have rotated, several times', async () => {
    await site.load();
    site.repository.publishRoot(['root', 'timestamp', 'snapshot', 'targets']);
    site.repository.publishRoot(['root', 'timestamp']);
    site.rotate('two');
    expect(await site.refresh()).toMatchObject({ state: 'fresh', versions: { root: 3 } });
    site.repository.publishRoot(['root', 'snapshot']);
    site.rotate('three');
    const root = await site.refresh();
    expect(root.versions).toEqual({ root: 4, timestamp: 3, snapshot: 3, targets: 3 });
    expect(operatorOf(await site.load())).toBe('three');
  });

  it('costs two requests to refresh when nothing changed, and none when somebody else just did', async () => {
    await site.load();
    site.mirror.asked();
    await site.refresh();
    expect(site.mirror.asked()).toEqual(['2.root.json', 'timestamp.json']);
    await site.refresh({ ifStale: true });
    expect(site.mirror.asked()).toEqual([]);
  });

  it('is found in a delegated role, also again from the cache alone', async () => {
    const trustedRoot = site.repository.targets.get('trusted_root.json')!;
    site.repository.targets.clear();
    site.repository.delegated = new Map([['team', new Map([['trusted_root.json', trustedRoot]])]]);
    site.repository.publish();
    await site.load();
    await site.refresh();
    await forge(() => undefined);
    await site.cut();
    expect(operatorOf(await site.load())).toBe('one');
  });
});

describe('without a network', () => {
  it('works warm, and stale within the limit; beyond it says what to do', async () => {
    await site.load();
    await site.cut();
    expect(await site.load()).toMatchObject({ state: 'fresh' });
    site.clock = 160 * HOUR_MS;
    expect(await site.load()).toMatchObject({ state: 'stale' });
    site.clock = 169 * HOUR_MS;
    await expect(site.load()).rejects.toMatchObject({ code: 'TRUST_EXPIRED', message: expect.stringMatching(/fetched 7 days ago is not used any more/), hint: expect.stringContaining('nx-proof trust refresh') });
  });

  it('does not use an entry whose TUF metadata has expired, whatever the policy says', async () => {
    site.repository.expiryDays.timestamp = 2;
    site.repository.publish();
    await site.load();
    await site.cut();
    const settings = trustSettings({ ttlHours: 72, maxStaleHours: 1000 });
    site.clock = 47 * HOUR_MS;
    expect(await site.load({ settings })).toMatchObject({ state: 'fresh' });
    site.clock = 49 * HOUR_MS;
    await expect(site.load({ settings })).rejects.toMatchObject({ code: 'TRUST_EXPIRED' });
  });

  it('says so when there is nothing yet, and opens no connection when offline', async () => {
    const settings = trustSettings({}, { offline: true });
    await expect(site.load({ settings })).rejects.toMatchObject({ code: 'TRUST_UNAVAILABLE', message: expect.stringContaining('--offline') });
    expect(site.mirror.connections).toBe(0);
    await site.cut();
    await expect(site.load()).rejects.toMatchObject({ code: 'TRUST_UNAVAILABLE', message: expect.stringContaining(site.mirror.url) });
  });

  it('uses what is there when offline, and asks for no refresh', async () => {
    await site.load();
    site.mirror.asked();
    const settings = trustSettings({}, { offline: true });
    site.clock = 30 * HOUR_MS;
    expect(await site.load({ settings })).toMatchObject({ state: 'stale' });
    site.clock = 169 * HOUR_MS;
    await expect(site.load({ settings })).rejects.toMatchObject({ code: 'TRUST_EXPIRED' });
    expect([site.later, site.mirror.asked()]).toEqual([0, []]);
  });

  it('fails once for all who wait, not one after the other', async () => {
    site.mirror.fault = () => new Promise((resolve) => setTimeout(resolve, 100, { status: 503 }));
    const failures = await Promise.allSettled(Array.from({ length: 6 }, () => site.load()));
    expect(failures.map((failure) => failure.status === 'rejected' && (failure.reason as { code: string }).code)).toEqual(Array.from({ length: 6 }, () => 'TRUST_UNAVAILABLE'));
    // One refresh with its four attempts.
    expect(site.mirror.asked()).toEqual(Array.from({ length: 4 }, () => '2.root.json'));
    site.mirror.fault = undefined;
    expect(await site.load()).toMatchObject({ state: 'fresh' });
  });

  it('asks again after a fetch that seems to come from the future', async () => {
    await site.load();
    site.mirror.asked();
    site.clock = -HOUR_MS;
    expect(await site.load()).toMatchObject({ state: 'fresh' });
    expect(site.mirror.asked()).toEqual(['2.root.json', 'timestamp.json']);
    await site.cut();
    site.clock = -2 * HOUR_MS;
    await expect(site.load()).rejects.toMatchObject({ code: 'TRUST_EXPIRED', message: expect.stringContaining('in the future') });
  });
});

describe('an entry that is not as it was written', () => {
  const cutAt = async (share: number): Promise<void> => truncate(site.entry, Math.floor((await stat(site.entry)).size * share));
  const flipAt = async (share: number): Promise<void> => {
    const bytes = await readFile(site.entry);
    const at = Math.floor((bytes.length - 1) * share);
    bytes[at] = bytes[at]! ^ 1;
    await writeFile(site.entry, bytes);
  };
  const damages: [string, () => Promise<void>][] = [
    ...[0, 0.01, 0.5, 0.99].map((share): [string, () => Promise<void>] => [`cut at ${share}`, () => cutAt(share)]),
    ...[0, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 1].map((share): [string, () => Promise<void>] => [`with a bit changed at ${share}`, () => flipAt(share)]),
    ['with another time of fetching', async () => writeFile(site.entry, (await readFile(site.entry, 'utf8')).replace(/(?<="fetchedAt":")\d{4}/, '2020'))],
    ['that is a folder', async () => rm(site.entry).then(() => mkdir(site.entry)).then(() => undefined)],
    ['that is larger than any entry', () => truncate(site.entry, 17 * 1024 * 1024)],
    ['of another format', async () => writeFile(site.entry, '{"format":"2"}\n{}\n')],
    ['that is no object', async () => writeFile(site.entry, 'null\nnull\n')],
    ['without metadata', () => forge((body) => Object.assign(body, { metadata: undefined }))],
    ['with other names', () => forge((body) => Object.assign(body.metadata, { '../../../x.json': '' }))],
    ['with a number for bytes', () => forge((body) => Object.assign(body, { trustedRoot: 1 }))],
    ['without a time', () => forge((body) => Object.assign(body, { fetchedAt: 1 }))],
    ['with an impossible time', () => forge((body) => Object.assign(body, { fetchedAt: 'yesterday' }))],
    ['of another mirror', () => forge((body) => Object.assign(body, { mirror: 'https://evil.example.com' }))],
    ['of another root', () => forge((body) => Object.assign(body, { anchor: '0'.repeat(64) }))],
    ['with metadata that is no JSON', () => forge((body) => Object.assign(body.metadata, { 'timestamp.json': 'AAAA' }))],
  ];

  it.each(damages)('%s: is no trust root, is kept aside, and fetched again', async (_, damage) => {
    await site.load();
    await damage();
    site.mirror.fault = { status: 500 };
    await expect(site.load()).rejects.toMatchObject({ code: 'TRUST_UNAVAILABLE' });
    expect(await aside()).toHaveLength(1);
    site.mirror.fault = undefined;
    site.mirror.asked();
    expect(operatorOf(await site.load())).toBe('one');
    expect(site.mirror.asked()).toEqual(COLD);
  });

  it('is kept aside a few times, and no more', async () => {
    for (let times = 0; times < 11; times += 1) {
      site.clock += 1000;
      await site.load();
      await truncate(site.entry, 10);
    }
    await site.load();
    expect(await aside()).toHaveLength(8);
  });
});

describe('an entry without a valid MAC', () => {
  const other = JSON.stringify({ ...(JSON.parse(trustedRootWith('evil')) as object) });
  const forgeries: [string, () => Promise<void>][] = [
    ['another trusted root', () => forge((body) => void (body.trustedRoot = Buffer.from(other).toString('base64')))],
    ['the metadata of another repository', () => plantForeignRepository()],
    ['a time of fetching in the future', () => forge((body) => void (body.fetchedAt = new Date(Date.now() + 2 * HOUR_MS).toISOString()))],
    ['no timestamp', () => forge((body) => void delete body.metadata['timestamp.json'])],
    ['another repository’s root', () => forge((body) => void body.roots.push(new TufRepository('{}').anchor.toString('base64')))],
    ['a MAC of a wrong length', () => forge((body) => void (body.trustedRoot = Buffer.from(other).toString('base64')), 'ab')],
  ];

  /** Everything genuine, only of the attacker's repository. */
  async function plantForeignRepository(): Promise<void> {
    const evil = new TufRepository(other);
    await forge((body) => {
      body.trustedRoot = Buffer.from(other).toString('base64');
      body.metadata = Object.fromEntries(
        [['timestamp.json', 'timestamp.json'], ['snapshot.json', '1.snapshot.json'], ['targets.json', '1.targets.json']].map(([name, file]) => [name, evil.files.get(file!)!.toString('base64')]),
      );
    });
  }

  it.each(forgeries)('and with %s is refused and kept aside', async (_, plant) => {
    await site.load();
    await site.cut();
    await plant();
    await expect(site.load()).rejects.toMatchObject({ code: 'TRUST_UNAVAILABLE' });
    expect(await aside()).toHaveLength(1);
  });

  it('is believed after its signed metadata was verified, as stale, for nobody vouches for when it was fetched', async () => {
    await site.load();
    await site.cut();
    site.home = temporaryFolder();
    const root = await site.load();
    expect(root).toMatchObject({ state: 'stale', versions: { root: 1 } });
    expect(operatorOf(root)).toBe('one');
    expect(site.later).toBe(1);
    // Verified once; from then on the MAC of this machine vouches for it.
    const before = await stat(site.entry);
    expect(await site.load()).toMatchObject({ state: 'stale' });
    expect((await stat(site.entry)).mtimeMs).toBe(before.mtimeMs);
    site.clock = 169 * HOUR_MS;
    await expect(site.load()).rejects.toMatchObject({ code: 'TRUST_EXPIRED' });
  });

  it('is verified through every root since the one that is pinned', async () => {
    site.repository.publishRoot(['root', 'targets', 'snapshot', 'timestamp']);
    site.repository.publishRoot(['root']);
    site.rotate('two');
    await site.load();
    await site.cut();
    site.home = temporaryFolder();
    const root = await site.load({ settings: trustSettings({}, { offline: true }) });
    expect([operatorOf(root), root.versions?.root, site.later]).toEqual(['two', 3, 0]);
  });

  it('is no entry once its metadata has expired', async () => {
    await site.load();
    await site.cut();
    site.home = temporaryFolder();
    site.clock = 7 * 24 * HOUR_MS + 1000;
    await expect(site.load({ settings: trustSettings({ maxStaleHours: 1000 }) })).rejects.toMatchObject({ code: 'TRUST_UNAVAILABLE' });
  });

  it('is verified every time where no machine key can be kept', async () => {
    const change = { machineKey: undefined };
    expect(await site.load(change)).toMatchObject({ warnings: [] });
    expect(JSON.parse((await readFile(site.entry, 'utf8')).split('\n')[0]!)).not.toHaveProperty('mac');
    expect(await site.load(change)).toMatchObject({ state: 'stale' });
    await forge((body) => void (body.trustedRoot = Buffer.from(other).toString('base64')));
    await site.cut();
    await expect(site.load(change)).rejects.toMatchObject({ code: 'TRUST_UNAVAILABLE' });
  });
});

describe('a repository that is not what it was', () => {
  const refused = async (): Promise<void> => {
    const before = await readFile(site.entry);
    await expect(site.refresh()).rejects.toMatchObject({ code: 'TRUST_REFUSED' });
    expect(await readFile(site.entry)).toEqual(before);
    expect(operatorOf(await site.load())).toBe('two');
  };
  beforeEach(async () => {
    await site.load();
    site.rotate('two');
    await site.refresh();
  });

  const changes: [string, () => void][] = [
    ['an older timestamp', () => void ((site.repository.versions.timestamp = 0), site.repository.publishTimestamp())],
    ['an older snapshot', () => void ((site.repository.versions.snapshot = 0), site.repository.publishSnapshot())],
    ['older targets', () => void ((site.repository.versions.targets = 0), site.repository.publish())],
    ['an older timestamp, by a new key', () => void ((site.repository.versions.timestamp = 0), site.repository.publishRoot(['timestamp']), site.repository.publishTimestamp())],
    ['an older snapshot, by a new key', () => void ((site.repository.versions.snapshot = 0), site.repository.publishRoot(['timestamp', 'snapshot']), site.repository.publishSnapshot())],
    ['older targets, by new keys', () => void ((site.repository.versions.targets = 0), site.repository.publishRoot(['timestamp', 'snapshot', 'targets']), site.repository.publish())],
    ['an expired timestamp', () => void ((site.repository.expiryDays.timestamp = -1), site.repository.publishTimestamp())],
    ['an expired snapshot', () => void ((site.repository.expiryDays.snapshot = -1), site.repository.publishSnapshot())],
    ['expired targets', () => void ((site.repository.expiryDays.targets = -1), site.repository.publish())],
    ['an expired root', () => void ((site.repository.expiryDays.root = -1), site.repository.publishRoot())],
    ['the timestamp of another repository', () => void site.repository.files.set('timestamp.json', new TufRepository('{}').files.get('timestamp.json')!)],
    ['a timestamp that is no JSON', () => void site.repository.files.set('timestamp.json', Buffer.from('<html>'))],
    ['the root of another repository', () => void site.repository.files.set('2.root.json', new TufRepository('{}').anchor)],
    ['a root without end', () => void Array.from({ length: 300 }, (_, index) => site.repository.files.set(`${index + 2}.root.json`, site.repository.anchor))],
    ['a trusted root that it did not sign', () => void (site.rotate('evil'), [...site.repository.files].forEach(([name, bytes]) => name.startsWith('targets/') && site.repository.files.set(name, Buffer.from(bytes.toString().replace('evil', 'live')))))],
    ['a trusted root without a start of validity', () => void (site.repository.targets.set('trusted_root.json', Buffer.from(trustedRootWith('evil').replace(/"start":"[^"]*"/, '"start":null'))), site.repository.publish())],
    ['a trusted root that is too large', () => void (site.repository.targets.set('trusted_root.json', Buffer.alloc(2_000_000, ' ')), site.repository.publish())],
    ['no trusted root', () => void (site.repository.targets.clear(), site.repository.publish())],
  ];

  it.each(changes)('%s: is refused, and what is there stays in use', async (_, change) => {
    change();
    await refused();
  });

  it('is refused also where it is the only source', async () => {
    site.repository.expiryDays.timestamp = -1;
    site.repository.publishTimestamp();
    await rm(site.entry);
    await expect(site.load()).rejects.toMatchObject({ code: 'TRUST_REFUSED', message: expect.stringContaining('expired') });
  });

  it('is refused by the clock of the caller, too', async () => {
    await rm(site.entry);
    site.clock = 8 * 24 * HOUR_MS;
    await expect(site.load()).rejects.toMatchObject({ code: 'TRUST_REFUSED', message: expect.stringContaining('expired at') });
  });

  it('says so when the root file is no TUF root', async () => {
    const source = tufSource(site.mirror.url, Buffer.from('{"signed":{"version":1}}'));
    await expect(loadTrustRoot(await site.context(), source)).rejects.toMatchObject({ code: 'TRUST_REFUSED' });
  });

  it.each([
    ['has no timestamp', { status: 404 }],
    ['is behind a proxy that refuses', { status: 403 }],
    ['fails', { status: 500 }],
  ])('is only out of reach when it %s', async (_, fault) => {
    site.mirror.fault = fault;
    await expect(site.refresh()).rejects.toMatchObject({ code: 'NETWORK_ERROR' });
    await rm(site.entry);
    await expect(site.load()).rejects.toMatchObject({ code: 'TRUST_UNAVAILABLE' });
  });
});

describe('the folder of the cache', () => {
  const folder = (): string => path.join(site.workspace, TRUST_FOLDER);

  it.skipIf(process.platform === 'win32')('is closed to others, also when it was open', async () => {
    await mkdir(folder(), { recursive: true, mode: 0o777 });
    await chmod(folder(), 0o777);
    await site.load();
    for (const name of [folder(), path.dirname(folder())]) expect((await stat(name)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(folder())) expect((await stat(site.file(name))).mode & 0o777).toBe(0o600);
  });

  it('is refused when it is a link, in whole or in part, or a file', async () => {
    const elsewhere = temporaryFolder();
    await mkdir(path.join(site.workspace, '.nx'));
    await symlink(elsewhere, path.join(site.workspace, '.nx/proof'));
    await expect(site.load()).rejects.toMatchObject({ code: 'TRUST_CACHE_UNSAFE' });
    await rm(path.join(site.workspace, '.nx/proof'));
    await mkdir(path.join(site.workspace, '.nx/proof'));
    await symlink(elsewhere, folder());
    await expect(site.load()).rejects.toMatchObject({ code: 'TRUST_CACHE_UNSAFE' });
    await rm(folder());
    await writeFile(folder(), '');
    await expect(site.load()).rejects.toMatchObject({ code: 'TRUST_CACHE_UNSAFE' });
    expect(site.mirror.asked()).toEqual([]);
  });

  const asRoot = it.runIf(process.platform === 'linux' && process.geteuid?.() === 0);

  asRoot('is refused when it belongs to another user', async () => {
    await site.load();
    await chown(folder(), 65534, 65534);
    await expect(site.load()).rejects.toMatchObject({ code: 'TRUST_CACHE_UNSAFE', message: expect.stringContaining('65534') });
  });

  asRoot('is done without where the workspace cannot be written', async () => {
    const context = await site.context();
    await chmod(site.workspace, 0o555);
    process.seteuid?.(65534);
    try {
      const root = await loadTrustRoot(context, site.source);
      expect(operatorOf(root)).toBe('one');
      site.mirror.fault = { status: 500 };
      await expect(loadTrustRoot(context, site.source)).rejects.toMatchObject({ code: 'TRUST_UNAVAILABLE' });
    } finally {
      process.seteuid?.(0);
    }
    expect(await readdir(site.workspace)).toEqual([]);
  });

  asRoot('that can be read and not written serves what is in it', async () => {
    await site.load();
    for (const name of [site.home, path.join(site.home, 'nx-proof'), path.join(site.home, 'nx-proof/machine.key'), path.dirname(folder()), folder(), site.entry]) await chown(name, 65534, 65534);
    await chmod(site.workspace, 0o555);
    await chmod(folder(), 0o500);
    process.seteuid?.(65534);
    try {
      expect(await site.load()).toMatchObject({ state: 'fresh', warnings: [expect.stringContaining('audit log')] });
      site.clock = 25 * HOUR_MS;
      expect(await site.load()).toMatchObject({ state: 'stale' });
      expect(site.later).toBe(0);
    } finally {
      process.seteuid?.(0);
    }
  });

  it('that fails while an entry is written leaves the trust root that was fetched', async () => {
    site.mirror.fault = async ({ url }, reply) => {
      if (url.pathname.startsWith('/targets/')) await mkdir(path.join(site.entry, 'full'), { recursive: true });
      return reply;
    };
    const root = await site.load();
    expect(operatorOf(root)).toBe('one');
    expect(root.warnings).toEqual([expect.stringContaining('the trust cache cannot be written')]);
  });

  it('loses what a killed refresh left in it', async () => {
    await mkdir(site.file('refresh-0123'), { recursive: true });
    await site.load();
    expect(await readdir(folder())).not.toContain('refresh-0123');
  });
});

describe('the public-good seed', () => {
  const down = { request: () => Promise.reject(new Error('never asked')) };
  const publicGood = async () => tufSource('https://tuf-repo-cdn.sigstore.dev', (await publicGoodSeed()).tufRoot);

  it('serves offline, and says how old it is', async () => {
    const context = await site.context({ settings: trustSettings({}, { offline: true }), http: down });
    const root = await loadTrustRoot(context, await publicGood());
    expect(root).toMatchObject({ state: 'seed', description: expect.stringMatching(/^trust root that ships with @sigstore\/tuf \d+\.\d+\.\d+, issued about \d+ (days|h|min) ago$/) });
    expect(JSON.parse(root.trustedRoot.toString())).toMatchObject({ certificateAuthorities: expect.any(Array) });
  });

  it('serves with allowSeed when the repository is out of reach, and not without', async () => {
    const context = await site.context();
    await expect(loadTrustRoot({ ...context, http: unreachable() }, await publicGood())).rejects.toMatchObject({ code: 'TRUST_UNAVAILABLE' });
    const root = await loadTrustRoot({ ...context, http: unreachable(), settings: trustSettings({ allowSeed: true }) }, await publicGood());
    expect(root.state).toBe('seed');
  });

  it('does not serve in place of a repository that is refused', async () => {
    const context = await site.context({ settings: trustSettings({ allowSeed: true }), http: { request: () => Promise.resolve({ status: 200, headers: {}, body: Buffer.from('<html>') }) } });
    await expect(loadTrustRoot(context, await publicGood())).rejects.toMatchObject({ code: 'TRUST_REFUSED' });
  });

  it('does not serve in place of a private repository', async () => {
    await site.cut();
    await expect(site.load({ settings: trustSettings({ allowSeed: true }, { offline: true }) })).rejects.toMatchObject({ code: 'TRUST_UNAVAILABLE' });
  });

  function unreachable() {
    const http = createHttp({ env: site.env, timing: { sleep: () => Promise.resolve() } });
    return { request: (request: Parameters<typeof http.request>[0]) => http.request({ ...request, url: 'http://127.0.0.1:9/' }) };
  }
});

describe('other sources', () => {
  it('only contacts endpoints that are allowed', async () => {
    const http = createHttp({ env: site.env, endpoints: ['https://tuf.example.com'] });
    await expect(site.load({ http })).rejects.toMatchObject({ code: 'ENDPOINT_REFUSED' });
    expect(site.mirror.connections).toBe(0);
  });

  it('takes a pinned file as it is', async () => {
    const bytes = Buffer.from(trustedRootWith('pinned'));
    const root = await loadTrustRoot(await site.context(), pinnedSource('keys/trusted_root.json', bytes));
    expect(root).toMatchObject({ state: 'pinned', trustedRoot: bytes, description: 'trust root pinned as keys/trusted_root.json' });
    expect(await readdir(site.workspace)).toEqual([]);
  });

  it('keeps an entry for each', async () => {
    const second = await TrustSite.open();
    second.rotate('other');
    await site.load();
    const root = await loadTrustRoot({ ...(await second.context()), workspaceRoot: site.workspace }, second.source);
    expect([operatorOf(root), operatorOf(await site.load())]).toEqual(['other', 'one']);
    // One source's entry does not pass for another's.
    await copyFile(site.entry, site.file(`${second.source.id}.entry`));
    await second.cut();
    await expect(loadTrustRoot({ ...(await second.context()), workspaceRoot: site.workspace }, second.source)).rejects.toMatchObject({ code: 'TRUST_UNAVAILABLE' });
    await second.close();
  });
});
