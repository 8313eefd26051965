import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli, type CliResult } from '../support/cli';
import { writeFiles } from '../support/folder';
import { trustedRootWith } from '../support/tuf/repository';
import { TrustSite } from '../support/tuf/site';

let site: TrustSite;
beforeEach(async () => {
  site = await TrustSite.open();
  const policy = { version: 1, trust: { root: { tuf: { mirror: site.mirror.url, rootFile: 'root.json' } }, endpoints: [site.mirror.url] }, rules: [] };
  await writeFiles(site.workspace, { 'nx.json': '{}', 'proof.policy.json': JSON.stringify(policy), 'root.json': site.repository.anchor });
});
afterEach(() => site.close());

const trust = (...argv: string[]): Promise<CliResult> => runCli(['trust', ...argv], { cwd: site.workspace, env: { XDG_CONFIG_HOME: site.home, APPDATA: site.home }, now: site.env.now });

describe('nx-proof trust', () => {
  it('shows, fetches, shows again, and clears', async () => {
    expect((await trust('status')).stdout).toBe(`[brAInwav] trust root: TUF repository ${site.mirror.url}\n  cache: missing\n`);
    const refreshed = await trust('refresh');
    expect(refreshed).toMatchObject({ exitCode: 0, stderr: '', stdout: expect.stringMatching(/^\[brAInwav\] fresh trust root of http:\/\/localhost:\d+, fetched 0 min ago; sha256 [0-9a-f]{64}\n$/) });
    const shown = await trust('status');
    expect(shown.stdout).toMatch(/\n {2}cache: fresh; .+\.entry\n {2}fetched \S+Z, fresh until \S+Z, usable until \S+Z\n {2}sha256 [0-9a-f]{64}; versions: root 1, timestamp 1, snapshot 1, targets 1\n$/);
    expect((await trust('status', '--json')).json()).toMatchObject({ exitCode: 0, trust: { source: 'tuf', origin: site.mirror.url, cache: { state: 'fresh' } } });
    expect((await trust('clear', '--older-than', '7d')).stdout).toBe('[brAInwav] removed 0 files of the trust cache\n');
    expect((await trust('clear', '--json')).json()).toEqual({ removed: [`${site.source.id}.entry`], exitCode: 0 });
  });

  it('refreshes at once, or only when stale', async () => {
    await trust('refresh');
    site.rotate('two');
    site.mirror.asked();
    expect((await trust('refresh', '--if-stale', '--json')).json()).toMatchObject({ trust: { state: 'fresh', versions: { targets: 1 } }, exitCode: 0 });
    expect(site.mirror.asked()).toEqual([]);
    const json = (await trust('refresh', '--json')).json();
    expect(json).toMatchObject({ trust: { versions: { targets: 2 } } });
    expect(json['trust']).not.toHaveProperty('trustedRoot');
  });

  it('says what is wrong: 3 out of reach or refused, and what to do', async () => {
    site.mirror.fault = { status: 404 };
    expect(await trust('refresh')).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('(NETWORK_ERROR, exit 3)') });
    site.mirror.fault = { status: 200, body: '<html>' };
    expect(await trust('refresh')).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('(TRUST_REFUSED, exit 3)') });
  });

  it('watches until interrupted', async () => {
    const stop = new AbortController();
    const running = runCli(['trust', 'refresh', '--watch'], { cwd: site.workspace, env: { XDG_CONFIG_HOME: site.home, APPDATA: site.home }, signal: stop.signal });
    while (site.mirror.calls.length < 5) await new Promise((resolve) => setTimeout(resolve, 10));
    setTimeout(() => { stop.abort(); }, 200);
    expect(await running).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('fresh trust root of'), stderr: '[brAInwav] ready\n[brAInwav] stopped\n' });
    site.mirror.fault = { status: 404 };
    const again = new AbortController();
    setTimeout(() => { again.abort(); }, 400);
    expect(await runCli(['trust', 'refresh', '--watch'], { cwd: site.workspace, env: { XDG_CONFIG_HOME: site.home, APPDATA: site.home }, signal: again.signal })).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/^(?!.*ready)[^]*\(NETWORK_ERROR\)/) });
  });

  it('imports a copy of the repository', async () => {
    await writeFiles(site.workspace, Object.fromEntries([...site.repository.files].map(([name, bytes]) => [`mirror/${name}`, bytes])));
    expect(await trust('import', 'mirror')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('stale trust root of') });
    expect(await trust('import')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('needs the FILE') });
    expect(await trust('import', 'a', 'b')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('import one at a time') });
    expect(await trust('import', 'nx.json')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('(TRUST_IMPORT_INVALID, exit 2)') });
  });

  it('shows the audit log, and says when it was edited', async () => {
    await trust('refresh');
    expect((await trust('audit')).stdout).toMatch(new RegExp(`^\\S+Z {2}refresh {6}${site.mirror.url} {2}[0-9a-f]{64}\n$`));
    expect((await trust('audit', '--json')).json()).toMatchObject({ exitCode: 0, lines: [{ action: 'refresh' }] });
    await trust('clear');
    expect((await trust('audit', '--verify')).stdout).toMatch(/^\[brAInwav\] the audit log is intact: 2 lines, the last with the sha256 [0-9a-f]{64}\n$/);
    const log = site.file('audit.jsonl');
    await writeFile(log, (await readFile(log, 'utf8')).replace('"refresh"', '"hit"'));
    expect(await trust('audit', '--verify')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('line 2 of audit.jsonl does not continue the log') });
    await writeFiles(site.workspace, { '.nx/proof/trust/audit.1.jsonl': (await readFile(log, 'utf8')).split('\n')[1]! + '\n' });
    await writeFile(log, '');
    expect((await trust('audit', '--verify')).stdout).toContain('older lines were given up');
  });

  it('shows a pinned trust root, damage, and the seed', async () => {
    await trust('refresh');
    await writeFile(site.entry, 'x');
    expect((await trust('status')).stdout).toContain('cache: damaged; the cache entry cannot be used: it is cut short; ');
    await trust('refresh');
    expect((await trust('status')).stdout).toContain('  1 damaged file kept aside\n');
    await writeFiles(site.workspace, { 'pinned.json': JSON.stringify({ version: 1, trust: { root: { file: 'trusted_root.json' } }, rules: [] }), 'trusted_root.json': trustedRootWith('pinned') });
    expect((await trust('status', '--policy', 'pinned.json')).stdout).toBe('[brAInwav] trust root: pinned as trusted_root.json\n');
    await writeFiles(site.workspace, { 'default.json': '{"version":1,"rules":[]}' });
    expect((await trust('status', '--policy', path.join(site.workspace, 'default.json'))).stdout).toMatch(/ {2}for --offline and allowSeed: @sigstore\/tuf [\d.]+, issued about \d{4}-\d\d-\d\d\n$/);
  });

  it.each([['7'], ['7w'], ['-1d'], ['d']])('does not take %s for a time', async (value) => {
    expect(await trust('clear', `--older-than=${value}`)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('must be a number with m, h or d') });
  });
});
