import type { ExecutorContext } from '@nx/devkit';
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { signBatch, signExecutor } from '../../executors/sign/executor';
import type { BatchResult, RawOptions } from '../../src/nx/run';
import { verifyWithLibrary } from '../support/keyless';
import { temporaryFolder } from '../support/folder';
import { startSigstore, type Sigstore } from '../support/sigstore';
import { TestWorkspace } from '../support/workspace';
import { batchOf, graphOf } from './graph';

const NAMES = ['app', 'lib', 'docs'] as const;
const BUNDLE = '.proof/sign/bundle.sigstore.json';
let sigstore: Sigstore;
let workspace: TestWorkspace;
let context: ExecutorContext;

beforeAll(async () => void (sigstore = await startSigstore({ dsseKind: 'dsse' })));
afterAll(() => sigstore.close());
beforeEach(async () => {
  for (const name of ['NX_PROOF_SIGNING_KEY', 'CI', 'GITHUB_ACTIONS', 'GITLAB_CI', 'BUILDKITE', 'CIRCLECI', 'ACTIONS_ID_TOKEN_REQUEST_URL']) vi.stubEnv(name, undefined);
  const config = temporaryFolder();
  vi.stubEnv('XDG_CONFIG_HOME', config);
  vi.stubEnv('APPDATA', config);
  vi.stubEnv('SIGSTORE_ID_TOKEN', sigstore.oidc.token());
  workspace = await TestWorkspace.create(NAMES.map((name) => ({ name })));
  for (const name of NAMES) await workspace.create(name);
  const build = { build: { outputs: ['{projectRoot}/dist'] } };
  const projectGraph = graphOf(Object.fromEntries(NAMES.map((name) => [name, { root: `apps/${name}`, targets: build }])));
  context = { root: workspace.root, projectGraph, projectName: 'app' } as unknown as ExecutorContext;
  for (const method of ['log', 'error'] as const) vi.spyOn(console, method).mockImplementation(() => undefined);
  sigstore.fulcio.calls.length = 0;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await workspace.remove();
});

const bundle = (name: string): Promise<Buffer> => readFile(workspace.file(`apps/${name}/${BUNDLE}`));

async function signAll(options: RawOptions = { fulcioUrl: sigstore.fulcio.url, rekorUrl: sigstore.rekor.url }): Promise<Record<string, BatchResult['result']>> {
  const graph = batchOf('proof-sign', Object.fromEntries(NAMES.map((name) => [name, []])));
  const results: Record<string, BatchResult['result']> = {};
  for await (const { task, result } of signBatch(graph, Object.fromEntries(NAMES.map((name) => [`${name}:proof-sign`, options])), {}, context)) results[task] = result;
  return results;
}

describe('proof-sign, keyless', () => {
  it('when in a batch it signs all projects with one certificate', async () => {
    const results = await signAll();
    for (const name of NAMES) {
      expect(results[`${name}:proof-sign`]).toMatchObject({ success: true, terminalOutput: expect.stringContaining(`as ${sigstore.identity} (${sigstore.oidc.url}), keyless`) as string });
      verifyWithLibrary(sigstore, await bundle(name));
    }
    expect(sigstore.fulcio.calls).toHaveLength(1);
  });

  it('when one project fails the others keep their bundles', async () => {
    await workspace.write('apps/lib/dist/main.js', 'changed');
    const results = await signAll();
    expect(results['lib:proof-sign']).toMatchObject({ success: false, terminalOutput: expect.stringContaining('SUBJECT_CHANGED') as string });
    for (const name of ['app', 'docs']) verifyWithLibrary(sigstore, await bundle(name));
  });

  it('when it is one task it signs as well', async () => {
    await expect(signExecutor({ fulcioUrl: sigstore.fulcio.url, rekorUrl: sigstore.rekor.url }, context)).resolves.toEqual({ success: true });
    verifyWithLibrary(sigstore, await bundle('app'));
  });

  it('when the log is public it says so once', async () => {
    vi.stubEnv('HTTPS_PROXY', 'http://127.0.0.1:9');
    const warned = Object.values(await signAll({ tlog: 'required' })).filter(({ terminalOutput }) => terminalOutput.includes('is public for ever'));
    expect(warned).toHaveLength(1);
  });
});
