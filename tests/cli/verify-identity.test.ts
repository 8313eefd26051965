import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rm } from 'node:fs/promises';
import { jsonDocument } from '../../src/model/json';
import type { Statement } from '../../src/model/types';
import { placeBundle, signKeyless } from '../support/certificates';
import { runCli, type CliResult } from '../support/cli';
import { files } from '../support/proofs';
import { startSigstore, type Sigstore } from '../support/sigstore';
import { TestWorkspace } from '../support/workspace';

const WORKFLOW = 'acme/widgets/.github/workflows/release.yml@refs/heads/main';
const JOB = { GITHUB_ACTIONS: 'true', GITHUB_WORKFLOW_REF: WORKFLOW, GITHUB_REPOSITORY: 'acme/widgets', GITHUB_RUN_ID: '7' };

let sigstore: Sigstore;
let ws: TestWorkspace;
beforeAll(async () => {
  sigstore = await startSigstore();
  ws = await TestWorkspace.create([{ name: 'app' }]);
  ws.git('remote', 'add', 'origin', 'git@github.com:acme/widgets.git');
  await ws.write('apps/app/project.json', JSON.stringify({ name: 'app', targets: { build: { outputs: ['{projectRoot}/dist'] } } }));
  await ws.write('trusted_root.json', JSON.stringify(sigstore.trustedRoot));
  ws.commit();
  await ws.create('app', {}, JOB);
  const statement = await ws.json<Statement>(files(ws).statement);
  await placeBundle(ws, await signKeyless(sigstore, Buffer.from(jsonDocument(statement)), { sha: ws.git('rev-parse', 'HEAD').trim() }), sigstore.oidc.url);
  await rm(ws.file('proof.policy.json'), { force: true });
});
afterAll(async () => {
  await sigstore.close();
  await ws.remove();
});

const verify = (...options: string[]): Promise<CliResult> => runCli(['verify', 'apps/app', '--trusted-root', 'trusted_root.json', ...options], { cwd: ws.root });
const naming = (identity: string, issuer: string): string[] => ['--certificate-identity', identity, '--certificate-oidc-issuer', issuer];

describe('verify with an identity and no policy', () => {
  it('accepts exactly that identity of that issuer', async () => {
    const result = await verify(...naming(sigstore.identity, sigstore.oidc.url));
    expect(result).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('app: PASSED') });
  });

  it.each([
    ['a part of the identity', () => naming('https://github.com/acme', sigstore.oidc.url)],
    ['a regular expression', () => naming('.*', sigstore.oidc.url)],
    ['a pattern', () => naming('https://github.com/acme/*', sigstore.oidc.url)],
    ['another issuer', () => naming(sigstore.identity, `${sigstore.oidc.url}/`)],
  ])('refuses %s', async (_name, options) => {
    expect(await verify(...options())).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('(SIGNER_NOT_ALLOWED, exit 1)') });
  });

  it.each([
    [['--certificate-identity', 'a'], '--certificate-identity "a" goes with --certificate-oidc-issuer'],
    [['--certificate-oidc-issuer', 'https://a'], '--certificate-oidc-issuer "https://a" goes with --certificate-identity'],
    [['--key', 'k.pem', '--certificate-identity', 'a'], 'leave out --certificate-identity'],
    [[...naming('a', 'https://a'), '--policy', 'p.json'], 'leave out --policy'],
  ])('refuses options that contradict each other: %j', async (options, message) => {
    expect(await verify(...options)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(message) });
  });
});
