import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NxVersion, PackageManager } from './support/demo';
import { fingerprintOf } from './support/dsse';
import type { RunResult } from './support/process';
import { DemoWorkspace, type CallOptions } from './support/workspace';

const COMBINATIONS: { pm: PackageManager; nx: NxVersion }[] = [
  { pm: 'npm', nx: '24.0.6' },
  { pm: 'pnpm', nx: '23.3.2' },
];

/** Nx's own words for a task whose outputs came from its cache. */
const replayed = (task: string): RegExp => new RegExp(`nx run ${task}\\s+\\[(local cache|existing outputs match the cache[^\\]]*)\\]`);
const newKey = (): string => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const STATEMENT = 'apps/app/.proof/create/statement.intoto.json';

async function ok(result: Promise<RunResult>): Promise<RunResult> {
  const done = await result;
  expect(done.code, done.output).toBe(0);
  return done;
}

async function refused(result: Promise<RunResult>): Promise<RunResult> {
  const done = await result;
  expect(done.code, done.output).not.toBe(0);
  expect(done.output).not.toMatch(/^\s+at .*\.js:\d+/m);
  return done;
}

describe.each(COMBINATIONS)('with $pm and Nx $nx', ({ pm, nx }) => {
  let workspace: DemoWorkspace;
  const run = (args: readonly string[], options: CallOptions = {}): Promise<RunResult> => workspace.nx([...args, '--outputStyle=static'], options);

  beforeAll(async () => {
    workspace = await DemoWorkspace.create({ pm, nx });
  });
  afterAll(() => workspace.remove());

  it('a dry run of init writes nothing, no key either', async () => {
    const done = await ok(workspace.nx(['g', 'nx-proof:init', '--dry-run', '--no-interactive']));
    expect(done.output).toMatch(/CREATE proof\.keys\/[0-9a-f]{64}\.pub\.pem/);
    expect(await workspace.git('status', '--porcelain', '--untracked-files=all')).toBe('');
    const env = workspace.env();
    for (const folder of [env['XDG_CONFIG_HOME'], env['APPDATA']]) expect(existsSync(`${folder}/nx-proof`)).toBe(false);
  });

  it('nx sync:check is red until every package with a build has its proof targets', async () => {
    await ok(workspace.nx(['g', 'nx-proof:init', '--sync', '--no-interactive']));
    const check = await refused(workspace.nx(['sync:check']));
    expect(check.output).toContain('2 projects with a build have no proof targets');
    await ok(workspace.nx(['sync']));
    await workspace.json('libs/lib/proof.json');
    await ok(workspace.nx(['sync:check']));
    await workspace.commit('proofs');
  });

  it('works without batches too', async () => {
    const done = await ok(run(['run-many', '-t', 'proof-verify'], { env: { NX_BATCH_MODE: 'false' } }));
    for (const project of ['app', 'lib']) expect(done.output).toContain(`[brAInwav] ${project}: PASSED`);
  });

  it.each(['false', 'true'])('a proof of one signer or builder is not replayed as that of another (daemon %s)', async (daemon) => {
    const [ours, theirs] = [newKey(), newKey()];
    const workflow = `acme/demo/.github/workflows/daemon-${daemon}.yml@refs/heads/main`;
    const sign = async (env: Record<string, string>): Promise<string> => (await ok(run(['run', 'app:proof-sign'], { env: { NX_DAEMON: daemon, ...env } }))).output;
    expect(await sign({ NX_PROOF_SIGNING_KEY: ours })).not.toMatch(replayed('app:proof-sign'));
    expect(await sign({ NX_PROOF_SIGNING_KEY: ours })).toMatch(replayed('app:proof-sign'));
    const other = await sign({ NX_PROOF_SIGNING_KEY: theirs });
    expect(other).toMatch(replayed('app:proof-create'));
    expect(other).toContain(`as key:sha256:${fingerprintOf(createPrivateKey(theirs))}`);
    expect(other).not.toMatch(replayed('app:proof-sign'));
    const ci = await sign({ CI: 'true', GITHUB_ACTIONS: 'true', GITHUB_WORKFLOW_REF: workflow, NX_PROOF_SIGNING_KEY: ours });
    expect(ci).not.toMatch(replayed('app:proof-create'));
    expect(ci).not.toMatch(replayed('app:proof-sign'));
    expect(await workspace.read(STATEMENT)).toContain(`https://github.com/${workflow}`);
    if (daemon === 'true') await ok(workspace.nx(['daemon', '--stop'], { env: { NX_DAEMON: 'true' } }));
  });

  it('nothing stale is replayed when dependencies are left out', async () => {
    await ok(run(['run', 'app:proof-verify']));
    const alone = async (target: string): Promise<RunResult> => run(['run', `app:${target}`, '--excludeTaskDependencies']);
    await ok(alone('proof-create'));
    const before = await workspace.read(STATEMENT);
    await workspace.write('apps/app/dist/main.js', 'other bytes\n');
    expect((await refused(alone('proof-sign'))).output).toContain('(SUBJECT_CHANGED, exit 1)');
    await ok(alone('proof-create'));
    expect(await workspace.read(STATEMENT)).not.toBe(before);
    await workspace.write('libs/lib/.proof/create/statement.intoto.json', '{}\n');
    expect((await ok(alone('proof-create'))).output).not.toMatch(replayed('app:proof-create'));
    await ok(run(['run', 'app:proof-verify']));
  });

  it('a change of a dependency, even of its documents, affects those that depend on it', async () => {
    const base = await workspace.git('rev-parse', 'HEAD');
    await workspace.write('libs/lib/README.md', 'hello\n');
    await workspace.commit('docs');
    const done = await ok(run(['affected', '-t', 'proof-sign', `--base=${base}`, '--head=HEAD']));
    expect(done.output).toMatch(/signed .* as key/);
    expect(done.output).not.toMatch(replayed('app:proof-sign'));
    expect((await ok(run(['run-many', '-t', 'proof-verify']))).output).toContain('[brAInwav] app: PASSED');
  });

  it('files that a named input leaves out are covered all the same', async () => {
    const nxJson = await workspace.read('nx.json');
    await workspace.write('nx.json', nxJson.replace('"{projectRoot}/**/*"', '"{projectRoot}/**/*", "!{projectRoot}/**/*.md"'));
    await ok(run(['run', 'app:proof-verify']));
    await workspace.write('apps/app/NOTES.md', 'notes\n');
    const done = await ok(run(['run', 'app:proof-verify']));
    expect(done.output).not.toMatch(replayed('app:proof-create'));
    await workspace.rm('apps/app/NOTES.md');
    await workspace.write('nx.json', nxJson);
  });

  it('one project with a wrong option fails alone, batch or not', async () => {
    await workspace.write('libs/odd/project.json', JSON.stringify({ name: 'odd', targets: { 'proof-create': { executor: 'nx-proof:create', options: { artefacts: 'x', artifacts: 7 } } } }));
    for (const NX_BATCH_MODE of ['true', 'false']) {
      const done = await refused(run(['run-many', '-t', 'proof-create', '--skipNxCache'], { env: { NX_BATCH_MODE } }));
      expect(done.output).toContain('[brAInwav] odd: option "artefacts" with the value "x" is not an option of create');
      expect(done.output).toContain('(OPTION_INVALID, exit 2)');
      expect(done.output).toContain('[brAInwav] app: created');
      expect(done.output).toContain('[brAInwav] lib: created');
    }
    await workspace.rm('libs/odd');
  });

  it('a build without declared outputs is told what to add', async () => {
    await workspace.write('libs/bare/project.json', JSON.stringify({ name: 'bare', targets: { build: { command: 'node -v' } } }));
    await workspace.write('libs/bare/proof.json', '{}');
    const done = await refused(run(['run', 'bare:proof-create']));
    expect(done.output).toContain('[brAInwav] bare: the project declares no outputs of its target "build"');
    expect(done.output).toContain('(OUTPUTS_UNDECLARED, exit 2)');
    expect(done.output).toContain('Add "outputs" to the build target');
    await workspace.rm('libs/bare');
  });

  it('a proof.json outside of the projects makes none, and a wrong one is named with its field', async () => {
    await workspace.write('libs/lib/fixtures/x/package.json', '{"name":"x"}');
    await workspace.write('libs/lib/fixtures/x/proof.json', '{ "nonsense": 1 }');
    expect(JSON.parse((await ok(workspace.nx(['show', 'projects', '--json']))).stdout)).toEqual(expect.not.arrayContaining(['x']));
    await workspace.write('libs/lib/proof.json', '{ "create": { "artifacts": "dist" } }');
    const done = await refused(workspace.nx(['show', 'projects']));
    expect(done.output).toContain('libs/lib/proof.json: /create/artifacts must be array (PROOF_FILE_INVALID, exit 2)');
    await workspace.git('checkout', '--quiet', '--', 'libs/lib/proof.json');
    await workspace.rm('libs/lib/fixtures');
  });

  it('needs no @nx/devkit', async () => {
    await workspace.rm('node_modules/@nx/devkit');
    await ok(workspace.nx(['g', 'nx-proof:targets', '--all', '--no-interactive']));
    await ok(run(['run', 'app:proof-verify']));
  });
});

describe('installed by pnpm as proof@npm:nx-proof', () => {
  let workspace: DemoWorkspace;
  beforeAll(async () => {
    workspace = await DemoWorkspace.create({ pm: 'pnpm', nx: '24.0.6', alias: 'proof' });
  });
  afterAll(() => workspace.remove());

  it('infers targets with the executors of that name', async () => {
    await ok(workspace.nx(['g', 'proof:init', '--no-interactive']));
    await ok(workspace.nx(['g', 'proof:targets', '--all', '--no-interactive']));
    expect(JSON.stringify((await workspace.json('nx.json'))['plugins'])).toBe('["proof/plugin"]');
    await workspace.commit('proofs');
    const shown = JSON.parse((await ok(workspace.nx(['show', 'project', 'app', '--json']))).stdout) as { targets: Record<string, { executor: string }> };
    expect(shown.targets['proof-create']?.executor).toBe('proof:create');
    await ok(workspace.nx(['run', 'app:proof-verify']));
  });
});
