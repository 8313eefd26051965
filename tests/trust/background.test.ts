import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lstatIfExists } from '../../src/files';
import { readLock } from '../../src/lock-file';
import { startRefresh } from '../../src/trust';
import { testEnv } from '../support/env';
import { temporaryFolder, writeFiles } from '../support/folder';
import { bundleProgram } from '../support/processes/run';
import { TrustSite, operatorOf } from '../support/tuf/site';

let cli: { file: string; remove: () => Promise<void> };
let site: TrustSite;
beforeAll(async () => {
  cli = await bundleProgram(path.join(import.meta.dirname, '../../src/cli/nx-proof.ts'));
});
afterAll(() => cli.remove());
beforeEach(async () => {
  site = await TrustSite.open();
});
afterEach(() => site.close());

const until = async (condition: () => Promise<boolean>): Promise<void> => {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
};

/** A workspace whose policy names the mirror, and whose entry is `hours` old. */
async function staleWorkspace(hours: number): Promise<string> {
  const policy = { version: 1, trust: { root: { tuf: { mirror: site.mirror.url, rootFile: 'root.json' } }, endpoints: [site.mirror.url] }, rules: [] };
  await writeFiles(site.workspace, { 'nx.json': '{}', 'proof.policy.json': JSON.stringify(policy), 'root.json': site.repository.anchor });
  site.clock = -hours * 3600 * 1000;
  await site.load();
  site.clock = 0;
  return path.join(site.workspace, 'proof.policy.json');
}

describe('startRefresh', () => {
  it('leaves a process behind that refreshes what is stale', async () => {
    const policyFile = await staleWorkspace(30);
    site.rotate('two');
    expect(operatorOf(await site.load())).toBe('one');
    site.mirror.asked();
    startRefresh(site.env, { workspaceRoot: site.workspace, policyFile }, cli.file);
    await until(async () => (await site.load()).state === 'fresh');
    expect(operatorOf(await site.load())).toBe('two');
    expect(site.mirror.asked()).toEqual(['2.root.json', 'timestamp.json', '2.snapshot.json', '2.targets.json', expect.stringContaining('targets/')]);
    await until(async () => (await lstatIfExists(site.file(`${site.source.id}.lock`))) === undefined);
  });

  it('delays nobody while the network gives no answer', async () => {
    await staleWorkspace(30);
    site.mirror.fault = 'hang';
    startRefresh(site.env, { workspaceRoot: site.workspace }, cli.file);
    const lock = site.file(`${site.source.id}.lock`);
    await until(async () => (await lstatIfExists(lock)) !== undefined);
    const owner = await readLock(lock);
    expect(await site.load()).toMatchObject({ state: 'stale' });
    expect(site.later).toBe(0);
    if (typeof owner === 'object') process.kill(owner.pid, 'SIGKILL');
  });

  it('passes on how to reach the network, and no secret', async () => {
    const folder = temporaryFolder();
    const [program, out] = [path.join(folder, 'program.cjs'), path.join(folder, 'out.json')];
    await writeFile(program, `require('node:fs').writeFileSync(${JSON.stringify(`${out}.tmp`)}, JSON.stringify({ argv: process.argv.slice(2), env: process.env })); require('node:fs').renameSync(${JSON.stringify(`${out}.tmp`)}, ${JSON.stringify(out)});`);
    const secrets = { SIGSTORE_ID_TOKEN: 'secret', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'secret', NX_PROOF_SIGNING_KEY: 'secret', NX_PROOF_KEY_PASSPHRASE: 'secret', NODE_OPTIONS: '--require=secret', NPM_TOKEN: 'secret' };
    const kept = { HTTPS_PROXY: 'http://proxy:3128', no_proxy: 'localhost', XDG_CONFIG_HOME: folder, PATH: process.env['PATH'] ?? '' };
    startRefresh(testEnv({ ...secrets, ...kept }), { workspaceRoot: '/w s', policyFile: '/base/policy.json' }, program);
    await until(async () => (await lstatIfExists(out)) !== undefined);
    const { argv, env } = JSON.parse(await readFile(out, 'utf8')) as { argv: string[]; env: Record<string, string> };
    expect(argv).toEqual(['trust', 'refresh', '--if-stale', '--cwd', '/w s', '--policy', '/base/policy.json']);
    expect(env).toMatchObject(kept);
    expect(JSON.stringify(env)).not.toContain('secret');
  });

  it('does nothing where no process can be started', () => {
    startRefresh(testEnv(), { workspaceRoot: '/w' }, undefined);
    startRefresh(testEnv(), { workspaceRoot: '/w' }, path.join(site.home, 'none.js'));
  });
});
