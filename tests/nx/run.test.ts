import type { ExecutorContext } from '@nx/devkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBatch, createExecutor } from '../../executors/create/executor';
import { signBatch, signExecutor } from '../../executors/sign/executor';
import { verifyBatch, verifyExecutor } from '../../executors/verify/executor';
import { keyFile } from '../../src/commands/policy';
import { prepareUserKey } from '../../src/commands/keys';
import type { BatchResult, RawOptions } from '../../src/nx/run';
import { temporaryFolder } from '../support/folder';
import { TestWorkspace, testEnv } from '../support/workspace';
import { batchOf, graphOf } from './graph';

const build = { build: { outputs: ['{projectRoot}/dist'] } };
const VARIABLES = ['XDG_CONFIG_HOME', 'APPDATA', 'NX_PROOF_SIGNING_KEY', 'NX_PROOF_KEY_PASSPHRASE', 'NX_VERBOSE_LOGGING', 'NX_PROOF_BUILDER', 'CI', 'GITHUB_ACTIONS', 'GITLAB_CI', 'SIGSTORE_ID_TOKEN', 'ACTIONS_ID_TOKEN_REQUEST_URL', 'BUILDKITE', 'CIRCLECI'];

let workspace: TestWorkspace;
let context: ExecutorContext;
let printed: string[];

beforeEach(async () => {
  for (const name of VARIABLES) vi.stubEnv(name, undefined);
  const config = temporaryFolder();
  vi.stubEnv('XDG_CONFIG_HOME', config);
  vi.stubEnv('APPDATA', config);
  workspace = await TestWorkspace.create([{ name: 'app' }, { name: 'lib' }, { name: 'docs' }]);
  const projectGraph = graphOf({
    app: { root: 'apps/app', targets: build, dependencies: ['lib'] },
    lib: { root: 'apps/lib', targets: build },
    docs: { root: 'apps/docs', targets: build },
  });
  context = { root: workspace.root, projectGraph, projectName: 'app' } as unknown as ExecutorContext;
  printed = [];
  for (const method of ['log', 'error'] as const) vi.spyOn(console, method).mockImplementation((line: string) => void printed.push(`${method}: ${line}`));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await workspace.remove();
});

/** The user's key, and a policy that trusts it. */
async function trustUser(): Promise<string> {
  const key = await prepareUserKey(testEnv(workspace.root, { XDG_CONFIG_HOME: process.env['XDG_CONFIG_HOME'] ?? '', APPDATA: process.env['APPDATA'] ?? '' }));
  await key.save();
  await workspace.write(keyFile(key.fingerprint), key.publicKeyPem);
  await workspace.write('proof.policy.json', JSON.stringify({ version: 1, rules: [{ projects: ['*'], signers: [{ key: key.fingerprint }], dependencies: 'verified' }] }));
  return key.fingerprint;
}

interface Outcome {
  readonly order: string[];
  readonly results: Record<string, BatchResult['result']>;
}

async function collect(results: AsyncIterable<BatchResult>): Promise<Outcome> {
  const outcome: Outcome = { order: [], results: {} };
  for await (const { task, result } of results) {
    outcome.order.push(task);
    outcome.results[task] = result;
  }
  return outcome;
}

const ALL = { app: ['lib'], lib: [], docs: [] };
const create = (options: Record<string, RawOptions> = {}, edges: 23 | 24 = 24): Promise<Outcome> => collect(createBatch(batchOf('proof-create', ALL, edges), options, {}, context));

describe('one task', () => {
  it('when all is well it creates, signs and verifies, and prints a status line of each', async () => {
    const fingerprint = await trustUser();
    expect(await createExecutor({}, { ...context, projectName: 'lib' })).toEqual({ success: true });
    expect(await createExecutor({ buildTarget: 'build' }, context)).toEqual({ success: true });
    expect(printed[1]).toMatch(/^log: \[brAInwav\] app: created the statement sha256:[0-9a-f]{64} of 2 files, \d+ B$/);
    expect(await signExecutor({}, { ...context, projectName: 'lib' })).toEqual({ success: true });
    expect(await signExecutor({}, context)).toEqual({ success: true });
    expect(printed[3]).toMatch(new RegExp(`^log: \\[brAInwav\\] app: signed the statement sha256:[0-9a-f]{64} as key:sha256:${fingerprint}$`));
    expect(await verifyExecutor({}, context)).toEqual({ success: true });
    expect(printed[4]).toMatch(/^log: \[brAInwav\] app: PASSED; 2 files, \d+ B; signed by key [0-9a-f]{64}; statement sha256:[0-9a-f]{64}$/);
    expect(printed.slice(5).every((line) => /^log: {3}(passed|unchecked|asserted) +\w+ +\S/.test(line))).toBe(true);
    expect(await workspace.json('apps/app/.proof/verify/verdict.json')).toMatchObject({ result: 'PASSED' });
  });

  it('when a check fails it is a failure, told with its code, exit code and remedy', async () => {
    await trustUser();
    await createExecutor({}, { ...context, projectName: 'docs' });
    await signExecutor({}, { ...context, projectName: 'docs' });
    await workspace.write('apps/docs/dist/main.js', 'evil');
    printed.length = 0;
    expect(await verifyExecutor({}, { ...context, projectName: 'docs' })).toEqual({ success: false });
    expect(printed[0]).toContain('error: [brAInwav] docs: FAILED');
    const at = printed.findIndex((line) => line.includes('(SUBJECT_MISMATCH, exit 1)'));
    expect(printed[at]).toMatch(/^error: {3}failed +subjects +.*apps\/docs\/dist\/main\.js/);
    expect(printed[at + 1]).toMatch(/^error: +The file is not the one that was proved/);
  });

  it('when something cannot be done it says what, with code, exit code and remedy, and no stack', async () => {
    expect(await signExecutor({}, context)).toEqual({ success: false });
    expect(printed[0]).toMatch(/^error: \[brAInwav\] app: .* \(KEY_NOT_FOUND, exit 2\)$/);
    expect(printed).toHaveLength(2);
    expect(await verifyExecutor({}, context)).toEqual({ success: false });
    expect(printed[2]).toMatch(/\(POLICY_NOT_FOUND, exit 2\)$/);
  });

  it.each(['.env.local', 'apps/app/.env.proof-verify'])('when %s assigns what only the user may, nothing is done', async (file) => {
    await trustUser();
    await workspace.write(file, 'NX_PROOF_POLICY_SHA256=0\n');
    for (const run of [createExecutor, signExecutor, verifyExecutor]) expect(await run({}, context)).toEqual({ success: false });
    expect(printed.filter((line) => line.includes(`${file} sets NX_PROOF_POLICY_SHA256`) && line.endsWith('(ENV_FILE_CONTROL, exit 2)'))).toHaveLength(3);
  });

  it('when its own target may be cached, verify refuses, so that nothing of it gets into a cache', async () => {
    await trustUser();
    const projectGraph = graphOf({ app: { root: 'apps/app', targets: { ...build, check: { executor: 'nx-proof:verify', cache: true } } } });
    expect(await verifyExecutor({}, { ...context, projectGraph, targetName: 'check' })).toEqual({ success: false });
    expect(printed[0]).toBe('error: [brAInwav] app: the target check has "cache": true, so that a cache could answer for it (VERDICT_CACHED, exit 1)');
    const { results } = await collect(verifyBatch(batchOf('check', { app: [] }), {}, {}, { ...context, projectGraph }));
    expect(results['app:check']?.terminalOutput).toContain('(VERDICT_CACHED, exit 1)');
  });

  it('when Nx is verbose the stack follows', async () => {
    vi.stubEnv('NX_VERBOSE_LOGGING', 'true');
    await verifyExecutor({}, context);
    expect(printed.some((line) => line.includes('    at '))).toBe(true);
  });

  it('when an option is wrong it names it', async () => {
    expect(await createExecutor({ artefacts: ['dist'] }, context)).toEqual({ success: false });
    expect(printed[0]).toBe('error: [brAInwav] app: option "artefacts" with the value ["dist"] is not an option of create; it has artifacts, buildTarget, sha512, actor, context, evidence, policyReceipts, trace (OPTION_INVALID, exit 2)');
  });

  it('when the variable of the hook is set by somebody else the builder is still detected', async () => {
    vi.stubEnv('NX_PROOF_BUILDER', 'https://evil.example/builder');
    await createExecutor({}, context);
    const statement = await workspace.read('apps/app/.proof/create/statement.intoto.json');
    expect(statement).toContain('https://cortex-os.brainwav/nx-proof/builder/local/v1');
    expect(statement).not.toContain('evil');
  });

  it('when Nx is too old it is refused', async () => {
    await workspace.write('node_modules/nx/package.json', '{"name":"nx","version":"22.7.12"}');
    expect(await createExecutor({}, context)).toEqual({ success: false });
    expect(printed[0]).toMatch(/22\.7\.12 \(NX_UNSUPPORTED, exit 2\)$/);
  });

  it('when it is for no project it fails', async () => {
    const { projectName: _projectName, ...rest } = context;
    expect(await createExecutor({}, rest as ExecutorContext)).toEqual({ success: false });
    expect(printed[0]).toContain('PROJECT_UNKNOWN');
  });

  it('when a name would move the cursor it is shown as an escape', async () => {
    await createExecutor({}, { ...context, projectName: 'x\x1b[2J\nfake' });
    expect(printed[0]).toContain('x\\x1b[2J\\x0afake');
  });
});

describe('a batch', () => {
  it.each([23, 24] as const)('when one project depends on another its statement names that of the other (edges of Nx %i)', async (edges) => {
    const { order, results } = await create({}, edges);
    expect(order.indexOf('lib:proof-create')).toBeLessThan(order.indexOf('app:proof-create'));
    for (const result of Object.values(results)) {
      expect(result.success).toBe(true);
      expect(result.terminalOutput).toMatch(/^\[brAInwav\] \w+: created .*\n$/);
      expect(result.endTime).toBeGreaterThanOrEqual(result.startTime ?? Infinity);
    }
    const statement = await workspace.read('apps/app/.proof/create/statement.intoto.json');
    const digest = /statement sha256:([0-9a-f]{64})/.exec(results['lib:proof-create']?.terminalOutput ?? '')?.[1];
    expect(statement).toContain(`"digest":{"sha256":"${digest}"},"name":"nx:lib"`);
  });

  it('when a project fails only those that depend on it are left out', async () => {
    const { results } = await create({ 'lib:proof-create': { artifacts: ['missing'] } });
    expect(results['lib:proof-create']).toMatchObject({ success: false, terminalOutput: expect.stringContaining('(ARTIFACTS_EMPTY, exit 2)') as string });
    expect(results['app:proof-create']).toEqual({ success: false, status: 'skipped', terminalOutput: '' });
    expect(results['docs:proof-create']).toMatchObject({ success: true });
  });

  it('when the options of one project are wrong the others are made', async () => {
    const { results } = await create({ 'docs:proof-create': { sha512: 'yes' } });
    expect(results['docs:proof-create']?.terminalOutput).toContain('option "sha512" with the value "yes" must be boolean (OPTION_INVALID, exit 2)');
    expect(results['app:proof-create']?.success).toBe(true);
  });

  it('when proofs are signed and verified together each has its own verdict', async () => {
    await trustUser();
    await create();
    const signed = await collect(signBatch(batchOf('proof-sign', { app: [], lib: [], docs: [] }), {}, {}, context));
    expect(Object.values(signed.results).map(({ success }) => success)).toEqual([true, true, true]);
    await workspace.write('apps/docs/dist/extra.js', '');
    const { results } = await collect(verifyBatch(batchOf('proof-verify', { app: [], lib: [], docs: [] }), {}, {}, context));
    expect(results['app:proof-verify']).toMatchObject({ success: true });
    expect(results['lib:proof-verify']).toMatchObject({ success: true });
    expect(results['docs:proof-verify']).toMatchObject({ success: false, terminalOutput: expect.stringContaining('apps/docs/dist/extra.js') as string });
  });

  it('when the policy is not pinned in CI each verdict carries the warning', async () => {
    await trustUser();
    await create();
    await collect(signBatch(batchOf('proof-sign', ALL), {}, {}, context));
    vi.stubEnv('CI', 'true');
    const { results } = await collect(verifyBatch(batchOf('proof-verify', { lib: [] }), {}, {}, context));
    expect(results['lib:proof-verify']).toMatchObject({ success: true, terminalOutput: expect.stringContaining('[brAInwav] lib: WARNING: ') as string });
  });

  it('when the key differs by project each is signed with its own', async () => {
    const { results } = await collect(signBatch(batchOf('proof-sign', { app: [], lib: [] }), { 'app:proof-sign': { key: 'a.pem' }, 'lib:proof-sign': { key: 'b.pem' } }, {}, context));
    expect(results['app:proof-sign']?.terminalOutput).toContain('a.pem');
    expect(results['lib:proof-sign']?.terminalOutput).toContain('b.pem');
  });

  it('when the graph of Nx cannot be read every task says so', async () => {
    const broken = { ...context, projectGraph: graphOf({ app: { root: '../outside' } }) };
    const { results } = await collect(createBatch(batchOf('proof-create', { app: [], lib: [] }), {}, {}, broken));
    for (const result of Object.values(results)) expect(result).toMatchObject({ success: false, terminalOutput: expect.stringContaining('(JSON_INVALID, exit 2)') as string });
  });
});
