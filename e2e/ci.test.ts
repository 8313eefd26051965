import { cpSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from './support/process';
import { DemoWorkspace } from './support/workspace';

const GRAPH = ['--graph', '.nx/graph.json'];
/** What GitHub Actions sets in both jobs of one workflow. */
const JOB = {
  CI: 'true',
  GITHUB_ACTIONS: 'true',
  GITHUB_REPOSITORY: 'acme/demo',
  GITHUB_RUN_ID: '7',
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_WORKFLOW_REF: 'acme/demo/.github/workflows/proof.yml@refs/heads/main',
};
const BUILDER = 'https://github.com/acme/demo/.github/workflows/proof.yml@refs/heads/main';

async function ok(result: Promise<RunResult>): Promise<RunResult> {
  const done = await result;
  expect(done.code, done.output).toBe(0);
  return done;
}

/** docs/ci.md: one job builds and creates, without the key; another signs, and runs no code of the workspace. */
describe('two jobs of a CI workflow', () => {
  let workspace: DemoWorkspace;
  let signing: DemoWorkspace;
  let secret: string;

  beforeAll(async () => {
    workspace = await DemoWorkspace.create({ pm: 'npm', nx: '24.0.6' });
    await ok(workspace.nx(['g', 'nx-proof:init', '--no-interactive']));
    await ok(workspace.nx(['g', 'nx-proof:targets', '--all', '--no-interactive']));
    const key = path.join(workspace.home, 'ci.key.pem');
    await ok(workspace.cli(['key', 'generate', '--out', key]));
    await ok(workspace.cli(['key', 'trust', path.join(workspace.home, 'ci.pub.pem')]));
    secret = await readFile(key, 'utf8');
    await workspace.commit('proofs');
    signing = await workspace.clone();
    for (const job of [workspace, signing]) await job.git('remote', 'set-url', 'origin', 'https://github.com/acme/demo.git');
  });
  afterAll(async () => {
    await signing.remove();
    await workspace.remove();
  });

  it('build and create, hand over, sign and verify', async () => {
    await ok(workspace.nx(['run-many', '-t', 'proof-create'], { env: { ...JOB, NX_SKIP_NX_CACHE: 'true' } }));
    await workspace.graph();
    for (const folder of ['apps/app/dist', 'apps/app/.proof', 'libs/lib/dist', 'libs/lib/.proof', '.nx/graph.json']) {
      cpSync(workspace.path(folder), signing.path(folder), { recursive: true });
    }
    // Were any code of the workspace or Nx called, it would not be found.
    await signing.rm('node_modules/nx', 'node_modules/@nx', 'build.mjs');
    await ok(signing.cli(['sign', '--all', ...GRAPH], { env: { ...JOB, NX_PROOF_SIGNING_KEY: secret } }));
    const verified = await ok(signing.cli(['verify', '--all', ...GRAPH], { env: JOB }));
    expect(verified.output).toContain('2 projects verified');
    expect(verified.output).toContain(BUILDER);
    expect(verified.stderr).toContain('warning');
  });

  it('verify with the policy of the base branch, whatever the change says', async () => {
    const base = path.join(signing.home, 'base.policy.json');
    cpSync(signing.path('proof.policy.json'), base);
    const check = (): Promise<RunResult> => signing.cli(['verify', '--all', '--strict', '--policy', base, ...GRAPH], { env: JOB });
    await ok(check());
    await ok(signing.cli(['key', 'generate', '--out', path.join(signing.home, 'evil.key.pem')]));
    const evil = await readFile(path.join(signing.home, 'evil.key.pem'), 'utf8');
    await ok(signing.cli(['key', 'trust', path.join(signing.home, 'evil.pub.pem')]));
    await ok(signing.cli(['sign', '--all', ...GRAPH], { env: { ...JOB, NX_PROOF_SIGNING_KEY: evil } }));
    await ok(signing.cli(['verify', '--all', ...GRAPH], { env: JOB }));
    const refused = await check();
    expect(refused.code, refused.output).toBe(1);
    expect(refused.output).toContain('SIGNER_NOT_ALLOWED');
  });

  it('refuse the policy of the workspace when nothing pins it, and accept it by its digest', async () => {
    const strict = await signing.cli(['verify', '--all', '--strict', ...GRAPH], { env: JOB });
    expect(strict.code, strict.output).toBe(1);
    expect(strict.output).toContain('POLICY_UNPINNED');
    const digest = /[0-9a-f]{64}/.exec((await signing.cli(['verify', '--all', ...GRAPH], { env: JOB })).stderr)?.[0] ?? '';
    await ok(signing.cli(['verify', '--all', '--strict', ...GRAPH], { env: { ...JOB, NX_PROOF_POLICY_SHA256: digest } }));
    await signing.write('proof.policy.json', `${await signing.read('proof.policy.json')} `);
    const changed = await signing.cli(['verify', '--all', '--strict', ...GRAPH], { env: { ...JOB, NX_PROOF_POLICY_SHA256: digest } });
    expect(changed.output).toContain('POLICY_DIGEST_MISMATCH');
    expect(changed.code).toBe(1);
  });
});
