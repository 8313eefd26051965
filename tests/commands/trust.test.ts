import { readFile, readdir, utimes } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadPolicy } from '../../src/commands/policy';
import { getTrustRoot, openTrust, policyIfAny, trustAudit, trustClear, trustImport, trustRefresh, trustStatus, trustWatch } from '../../src/commands/trust';
import { getDefaultTrustMaterial, loadTrustMaterial } from '../../src/commands/trust-material';
import type { TrustRoot } from '../../src/trust';
import { testEnv } from '../support/env';
import { writeFiles } from '../support/folder';
import { startSigstore } from '../support/sigstore';
import { trustedRootWith } from '../support/tuf/repository';
import { TrustSite, operatorOf } from '../support/tuf/site';

const HOUR_MS = 3600 * 1000;
let site: TrustSite;
beforeEach(async () => {
  site = await TrustSite.open();
  await writePolicy({ root: { tuf: { mirror: site.mirror.url, rootFile: 'root.json' } } });
  await writeFiles(site.workspace, { 'nx.json': '{}', 'root.json': site.repository.anchor });
});
afterEach(() => site.close());

const writePolicy = (trust: object): Promise<void> => writeFiles(site.workspace, { 'proof.policy.json': JSON.stringify({ version: 1, trust, rules: [] }) });
const options = async (rest: { offline?: boolean } = {}) => ({ policy: await loadPolicy(site.env, site.workspace, {}), ...rest });

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('the trust root of a workspace', () => {
  it('comes from the repository that the policy names, by the endpoints that it lists', async () => {
    expect(operatorOf(await getTrustRoot(site.env, site.workspace, await options()))).toBe('one');
    await writePolicy({ root: { tuf: { mirror: site.mirror.url, rootFile: 'root.json' } }, endpoints: ['https://tuf.example.com'] });
    await expect(trustRefresh(site.env, site.workspace, await options())).rejects.toMatchObject({ code: 'ENDPOINT_REFUSED' });
  });

  it('comes from the file that the policy pins, whose bytes its digest covers', async () => {
    await writePolicy({ root: { file: 'trusted_root.json' } });
    await writeFiles(site.workspace, { 'trusted_root.json': trustedRootWith('pinned') });
    expect(await getTrustRoot(site.env, site.workspace, await options())).toMatchObject({ state: 'pinned', description: 'trust root pinned as trusted_root.json' });
    expect(await trustStatus(site.env, site.workspace, await options())).toEqual({ source: 'file', origin: 'trusted_root.json' });
    await expect(trustRefresh(site.env, site.workspace, await options())).rejects.toMatchObject({ code: 'OPTION_INVALID', message: expect.stringContaining('trusted_root.json') });
    await writeFiles(site.workspace, { 'trusted_root.json': trustedRootWith('pinned').replace('validFor', 'valid') });
    await expect(getTrustRoot(site.env, site.workspace, await options())).rejects.toMatchObject({ code: 'TRUSTED_ROOT_INVALID' });
  });

  it('is the seed of the public-good Sigstore offline, where there is no policy', async () => {
    expect(await policyIfAny(site.env, site.home, undefined)).toBeUndefined();
    await expect(policyIfAny(site.env, site.home, 'policy.json')).rejects.toMatchObject({ code: 'POLICY_NOT_FOUND' });
    expect(await getTrustRoot(site.env, site.workspace, { offline: true })).toMatchObject({ state: 'seed' });
    expect(await trustStatus(site.env, site.workspace)).toMatchObject({ source: 'public-good', origin: 'https://tuf-repo-cdn.sigstore.dev', cache: { state: 'missing' }, seed: { name: expect.stringContaining('@sigstore/tuf'), issued: expect.any(Date) } });
  });

  it('says who may be contacted', async () => {
    const { context, close } = await openTrust(site.env, site.workspace, { offline: true });
    await expect(context.http.request({ method: 'GET', url: site.mirror.url })).rejects.toMatchObject({ code: 'ENDPOINT_REFUSED' });
    await close();
  });
});

describe('trustStatus', () => {
  const state = async () => (await trustStatus(site.env, site.workspace, await options())).cache;

  it('tells what the cache holds, and contacts nobody', async () => {
    expect(await state()).toEqual({ state: 'missing', setAside: 0 });
    const root = await getTrustRoot(site.env, site.workspace, await options());
    const calls = site.mirror.calls.length;
    const { fetchedAt } = root;
    expect(await state()).toEqual({
      state: 'fresh',
      file: site.entry,
      entry: { sha256: root.sha256, fetchedAt, freshUntil: root.notAfter, usableUntil: expect.any(Date), versions: { root: 1, timestamp: 1, snapshot: 1, targets: 1 } },
      setAside: 0,
    });
    site.clock = 25 * HOUR_MS;
    expect(await state()).toMatchObject({ state: 'stale' });
    site.clock = 170 * HOUR_MS;
    expect(await state()).toMatchObject({ state: 'expired' });
    site.clock = -HOUR_MS;
    expect(await state()).toMatchObject({ state: 'future' });
    site.clock = 0;
    site.home = site.workspace;
    expect(await state()).toMatchObject({ state: 'unproven' });
    await writeFiles(site.workspace, { [path.relative(site.workspace, site.entry)]: 'x' });
    expect(await state()).toMatchObject({ state: 'damaged', reason: expect.stringContaining('cut short') });
    await trustRefresh(site.env, site.workspace, await options());
    expect(await state()).toMatchObject({ setAside: 1 });
    await trustClear(site.env, site.workspace);
    expect(await state()).toEqual({ state: 'missing', setAside: 0 });
    expect(site.mirror.calls.length - calls).toBe(5);
  });
});

describe('trustRefresh, trustImport and trustWatch', () => {
  it('bring what is new', async () => {
    const { env, workspace } = site;
    await getTrustRoot(env, workspace, await options());
    site.rotate('two');
    expect(operatorOf(await trustRefresh(env, workspace, { ...(await options()), ifStale: true }))).toBe('one');
    expect(operatorOf(await trustRefresh(env, workspace, await options()))).toBe('two');
    site.rotate('three');
    await writeFiles(site.home, Object.fromEntries(site.repository.files));
    expect(operatorOf(await trustImport(env, workspace, site.home, await options()))).toBe('three');
  });

  it('watch until interrupted, whatever fails', async () => {
    const stop = new AbortController();
    const env = { ...site.env, signal: stop.signal };
    const roots: TrustRoot[] = [];
    await trustWatch(env, site.workspace, { ...(await options()), onRefresh: (root) => { roots.push(root); setTimeout(() => { stop.abort(); }, 20); }, onError: () => undefined });
    expect(roots.map(operatorOf)).toEqual(['one']);
    const again = new AbortController();
    const errors: string[] = [];
    site.mirror.fault = { status: 404 };
    await trustWatch({ ...site.env, signal: again.signal }, site.workspace, { ...(await options()), onRefresh: () => undefined, onError: ({ code }) => { errors.push(code); setTimeout(() => { again.abort(); }, 20); } });
    expect(errors).toEqual(['NETWORK_ERROR']);
    await writePolicy({ root: { file: 'root.json' } });
    await expect(trustWatch(site.env, site.workspace, { ...(await options().catch(() => ({}))), onRefresh: () => undefined, onError: () => undefined })).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe('trustClear', () => {
  it('removes what is old, or all, and leaves the audit log', async () => {
    expect(await trustClear(site.env, site.workspace)).toEqual([]);
    await getTrustRoot(site.env, site.workspace, await options());
    expect(await trustClear(site.env, site.workspace, { olderThanMs: HOUR_MS })).toEqual([]);
    await utimes(site.entry, new Date(0), new Date(Date.now() - 2 * HOUR_MS));
    expect(await trustClear(site.env, site.workspace, { olderThanMs: HOUR_MS })).toEqual([`${site.source.id}.entry`]);
    await getTrustRoot(site.env, site.workspace, await options());
    expect(await trustClear(site.env, site.workspace)).toEqual([`${site.source.id}.entry`]);
    expect(await readdir(site.file(''))).toEqual(['audit.jsonl']);
    expect(await readFile(site.file('audit.jsonl'), 'utf8')).toContain('"reason":"removed 1 files"');
  });
});

describe('trustAudit', () => {
  it('tells what happened, one line each, with what a look-up has in common', async () => {
    const empty = await trustAudit(site.workspace, { verify: true });
    expect(empty.verdict).toMatchObject({ result: 'intact', lines: 0 });
    expect(await all(empty.lines)).toEqual([]);
    const opened = await options();
    await getTrustRoot(site.env, site.workspace, { ...opened, correlation: 'first' });
    await getTrustRoot(site.env, site.workspace, { ...opened, correlation: 'second' });
    site.mirror.fault = { status: 200, body: '<html>' };
    await trustRefresh(site.env, site.workspace, { ...opened, correlation: 'third' }).catch(() => undefined);
    const { lines, verdict } = await trustAudit(site.workspace, { verify: true });
    expect(verdict).toMatchObject({ result: 'intact', lines: 4 });
    const seen = await all(lines);
    expect(seen.map(({ action, correlation }) => [action, correlation])).toEqual([['miss', 'first'], ['refresh', 'first'], ['hit', 'second'], ['refusal', 'third']]);
    expect(seen[1]).toMatchObject({ origin: site.mirror.url, entry: seen[2]?.entry, time: expect.stringMatching(/^\d{4}-/) });
    expect((await trustAudit(site.workspace)).verdict).toBeUndefined();
  });
});

describe('trust material', () => {
  it('is parsed once, and remembered until its time to live is over', async () => {
    const sigstore = await startSigstore();
    site.repository.targets.set('trusted_root.json', Buffer.from(JSON.stringify(sigstore.trustedRoot)));
    site.repository.publish();
    await sigstore.close();
    const [first, second] = await Promise.all([loadTrustMaterial(site.env, site.workspace, await options()), loadTrustMaterial(site.env, site.workspace, await options())]);
    expect(first).toBe(second);
    expect(first.material).toMatchObject({ certificateAuthorities: [{ certChain: [expect.anything()] }], tlogs: [expect.anything(), expect.anything()], ctlogs: [expect.anything()], timestampAuthorities: [expect.anything()] });
    expect(await getDefaultTrustMaterial(site.env, site.workspace)).toBe(first.material);
    // Not even the audit log hears of it.
    expect(await all((await trustAudit(site.workspace)).lines)).toHaveLength(2);
    site.clock = 25 * HOUR_MS;
    const stale = await loadTrustMaterial(site.env, site.workspace, await options());
    expect(stale.root.state).toBe('stale');
    expect(stale.material).toBe(first.material);
    await trustRefresh(site.env, site.workspace, await options());
    expect((await loadTrustMaterial(site.env, site.workspace, await options())).root.state).toBe('fresh');
  });

  it('is another one for another policy, and no failure is remembered', async () => {
    await site.cut();
    await expect(getDefaultTrustMaterial(site.env, site.workspace)).rejects.toMatchObject({ code: 'TRUST_UNAVAILABLE' });
    const pinned = trustedRootWith('pinned');
    await writePolicy({ root: { file: 'trusted_root.json' } });
    await writeFiles(site.workspace, { 'trusted_root.json': pinned });
    const before = await getDefaultTrustMaterial(site.env, site.workspace);
    expect(before.tlogs).toHaveLength(1);
    await writeFiles(site.workspace, { 'trusted_root.json': pinned.replace('rekor.example.com', 'other.example.com') });
    expect((await getDefaultTrustMaterial(site.env, site.workspace)).tlogs[0]).toMatchObject({ baseURL: 'https://other.example.com' });
  });

  it('is that of the public-good Sigstore where there is no policy', async () => {
    const env = testEnv({ XDG_CONFIG_HOME: site.home, APPDATA: site.home }, { cwd: site.home });
    const { material, root } = await loadTrustMaterial(env, site.home, { offline: true });
    expect(root.state).toBe('seed');
    expect(material.certificateAuthorities.length).toBeGreaterThan(0);
    await expect(getDefaultTrustMaterial({ ...env, signal: AbortSignal.abort() })).rejects.toMatchObject({ exitCode: 3 });
  });
});
