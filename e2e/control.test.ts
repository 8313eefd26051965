import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from './support/process';
import { DemoWorkspace } from './support/workspace';

/** What a run says of itself must not be in the hands of what it proves. */
let workspace: DemoWorkspace;

beforeAll(async () => {
  workspace = await DemoWorkspace.create({ pm: 'npm', nx: '24.0.6' });
  await ok(['g', 'nx-proof:init', '--no-interactive']);
  await ok(['g', 'nx-proof:targets', '--all', '--no-interactive']);
  await workspace.commit('proofs');
  await ok(['run-many', '-t', 'proof-verify']);
});
afterAll(() => workspace.remove());
afterEach(async () => {
  await workspace.git('checkout', '--quiet', '.');
  await workspace.git('clean', '--quiet', '--force', '-d');
});

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<RunResult> => workspace.nx([...args, ...(args[0] === 'g' ? [] : ['--outputStyle=static'])], { env });

async function ok(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string> {
  const done = await run(args, env);
  expect(done.code, done.output).toBe(0);
  return done.output;
}

async function refused(args: readonly string[], code: string, env?: Readonly<Record<string, string>>): Promise<string> {
  const done = await run(args, env);
  expect(done.code, done.output).not.toBe(0);
  expect(done.output).toContain(`(${code}, exit `);
  return done.output;
}

async function setTarget(target: string, value: object): Promise<void> {
  const project = await workspace.json('apps/app/project.json');
  await workspace.write('apps/app/project.json', JSON.stringify({ ...project, targets: { ...(project['targets'] as object), [target]: value } }));
}

/** The ways in which Nx calls hooks: in its own process, in that of a plugin, in the daemon. */
const WAYS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'in one process': { NX_DAEMON: 'false', NX_ISOLATE_PLUGINS: 'false' },
  'with plugins isolated': { NX_DAEMON: 'false', NX_ISOLATE_PLUGINS: 'true' },
  'with a daemon': { NX_DAEMON: 'true' },
};

describe.each(Object.entries(WAYS))('%s', (_, env) => {
  afterAll(async () => {
    await workspace.nx(['daemon', '--stop'], { env: { NX_DAEMON: 'true' } });
  });

  it('an honest run is green, and so is one without proof targets', async () => {
    await ok(['run-many', '-t', 'proof-verify'], env);
    await ok(['run-many', '-t', 'build'], env);
    await ok(['affected', '-t', 'proof-verify', '--base=HEAD', '--head=HEAD'], env);
  });

  it.each(['proof-verify', 'proof-sign', 'proof-create'])('when %s runs something else the run fails', async (target) => {
    await setTarget(target, { executor: 'nx:noop' });
    expect(await refused(['run', `app:${target}`], 'TARGET_REPLACED', env)).toContain(`app:${target} runs nx:noop`);
  });

  it('when verification is made cacheable the run fails, whatever the cache holds', async () => {
    await setTarget('proof-verify', { cache: true });
    await refused(['run', 'app:proof-verify'], 'VERDICT_CACHED', env);
  });

  it('when an explicit target of another name is cacheable it refuses to verify', async () => {
    await setTarget('check', { executor: 'nx-proof:verify', cache: true, dependsOn: ['proof-sign'] });
    await refused(['run', 'app:check'], 'VERDICT_CACHED', env);
  });

  it('when nothing is left to be proved the run fails', async () => {
    await workspace.rm('apps/app/proof.json', 'libs/lib/proof.json');
    await refused(['run-many', '-t', 'proof-verify'], 'TARGET_MISSING', env);
    await refused(['affected', '-t', 'proof-verify', '--base=HEAD', '--head=HEAD'], 'TARGET_MISSING', env);
  });

  it('when a .env file in the root assigns NX_PROOF_ variables no run begins', async () => {
    await workspace.write('.env', 'NX_PROOF_BUILDER=https://github.com/forged\n');
    expect(await refused(['run', 'app:build'], 'ENV_FILE_CONTROL', env)).not.toContain('nx run app:build');
  });

  it.each(['true', 'false'])('when a .env file of the project does, its proof is neither made nor verified (batch %s)', async (NX_BATCH_MODE) => {
    await workspace.write('apps/app/.env.proof-verify', `NX_PROOF_POLICY_SHA256=${'0'.repeat(64)}\n`);
    await refused(['run', 'app:proof-verify', '--excludeTaskDependencies'], 'ENV_FILE_CONTROL', { ...env, NX_BATCH_MODE });
  });

  it('when a .env file unsets the CI, a rule for people alone does not count', async () => {
    await workspace.write('.env', 'CI=true\n');
    await workspace.write('apps/app/.env', 'CI=false\n');
    await refused(['run', 'app:proof-verify', '--excludeTaskDependencies'], 'ENV_FILE_CONTROL', { ...env, CI: 'true', NX_BATCH_MODE: 'false' });
  });
});

describe('the command', () => {
  it('refuses a workspace whose .env files assign such variables', async () => {
    await workspace.write('apps/app/.env', 'NX_PROOF_POLICY_SHA256=0\n');
    for (const args of [['create', 'app'], ['sign', 'app'], ['verify', 'apps/app'], ['verify', '--all']]) {
      const done = await workspace.cli(args);
      expect(done.output).toContain('apps/app/.env sets NX_PROOF_POLICY_SHA256');
      expect(done.code).toBe(2);
    }
  });
});
