import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NxVersion, PackageManager } from './support/demo';
import type { RunResult } from './support/process';
import { DemoWorkspace, type CallOptions } from './support/workspace';

const COMBINATIONS: { pm: PackageManager; nx: NxVersion }[] = [
  { pm: 'npm', nx: '24.0.6' },
  { pm: 'pnpm', nx: '24.0.6' },
  { pm: 'npm', nx: '23.3.2' },
  { pm: 'pnpm', nx: '23.3.2' },
];

const CREATED = ['apps/app', 'libs/lib'].flatMap((root) => ['statement.intoto.json', 'envelope.proof.json'].map((name) => `${root}/.proof/create/${name}`));

async function ok(result: Promise<RunResult>): Promise<RunResult> {
  const done = await result;
  expect(done.code, done.output).toBe(0);
  return done;
}

/** Nx's own words for a task whose outputs came from its cache. */
const replayed = (task: string): RegExp => new RegExp(`nx run ${task}\\s+\\[(local cache|existing outputs match the cache[^\\]]*)\\]`);

describe.each(COMBINATIONS)('in a workspace with $pm and Nx $nx', ({ pm, nx }) => {
  let workspace: DemoWorkspace;
  const run = (args: readonly string[], options: CallOptions = {}): Promise<RunResult> => ok(workspace.nx(args, options));
  const staticRun = (args: readonly string[], options: CallOptions = {}): Promise<RunResult> => run([...args, '--outputStyle=static'], options);

  beforeAll(async () => {
    workspace = await DemoWorkspace.create({ pm, nx });
  });
  afterAll(() => workspace.remove());

  it('init registers the plugin, writes a policy for this machine and a key, and changes nothing the second time', async () => {
    await run(['g', 'nx-proof:init', '--no-interactive']);
    expect(JSON.stringify((await workspace.json('nx.json'))['plugins'])).toContain('nx-proof/plugin');
    expect(await workspace.read('.gitignore')).toContain('.proof');
    const policy = (await workspace.json('proof.policy.json')) as { rules: { scope?: string; signers: { key: string }[] }[] };
    expect(policy.rules).toMatchObject([{ scope: 'local', signers: [{ key: expect.stringMatching(/^[0-9a-f]{64}$/) as string }] }]);
    expect(await workspace.read(`proof.keys/${policy.rules[0]!.signers[0]!.key}.pub.pem`)).toContain('BEGIN PUBLIC KEY');
    await workspace.commit('nx-proof');
    await run(['g', 'nx-proof:init', '--no-interactive']);
    expect(await workspace.git('status', '--porcelain')).toBe('');
  });

  it('targets scaffolds one package, and with --all the others', async () => {
    await run(['g', 'nx-proof:targets', 'app', '--no-interactive']);
    await workspace.json('apps/app/proof.json');
    expect(await workspace.git('status', '--porcelain', '--untracked-files=all')).not.toContain('libs/');
    await run(['g', 'nx-proof:targets', '--all', '--no-interactive']);
    await workspace.json('libs/lib/proof.json');
    await workspace.commit('targets');
  });

  it('nx run app:proof-verify builds, creates, signs and verifies', async () => {
    const verified = await staticRun(['run', 'app:proof-verify']);
    expect(verified.output).toContain('[brAInwav]');
    expect(await workspace.read('apps/app/.proof/verify/verdict.json')).toContain('"PASSED"');
  });

  it('replays create and sign from the cache the second time, and still verifies', async () => {
    await run(['run-many', '-t', 'proof-verify']);
    const bundle = await workspace.read('apps/app/.proof/sign/bundle.sigstore.json');
    await workspace.rm('apps/app/.proof', 'apps/app/dist');
    const again = await staticRun(['run', 'app:proof-verify']);
    expect(again.output).toMatch(replayed('app:proof-create'));
    expect(again.output).toMatch(replayed('app:proof-sign'));
    expect(again.output).not.toMatch(replayed('app:proof-verify'));
    expect(await workspace.read('apps/app/.proof/sign/bundle.sigstore.json')).toBe(bundle);
    expect(await workspace.read('apps/app/.proof/verify/verdict.json')).toContain('"PASSED"');
  });

  it('works with the daemon, and sees what changed since', async () => {
    const env = { NX_DAEMON: 'true' };
    await run(['run', 'app:proof-verify'], { env });
    await workspace.write('apps/app/src/main.js', 'console.log("changed");\n');
    await run(['run', 'app:proof-verify'], { env });
    expect(await workspace.read('apps/app/.proof/create/envelope.proof.json')).toContain('workspace:/apps/app/dist/main.js');
    expect(await workspace.read('apps/app/dist/main.js')).toContain('changed');
    await workspace.write('apps/app/dist/main.js', 'console.log("tampered");\n');
    const refused = await workspace.nx(['run', 'app:proof-verify', '--excludeTaskDependencies'], { env });
    expect(refused.code, refused.output).toBe(1);
    expect(refused.output).toContain('(SUBJECT_MISMATCH, exit 1)');
    expect(refused.output).toContain('apps/app/dist/main.js');
    await ok(workspace.nx(['daemon', '--stop'], { env }));
    await workspace.git('checkout', '--quiet', '--', 'apps/app/src');
  });

  it('affected selects by what changed', async () => {
    const base = await workspace.git('rev-parse', 'HEAD');
    const affected = async (): Promise<string[]> => {
      const listed = await run(['show', 'projects', '--affected', `--base=${base}`, '--head=HEAD', '--withTarget=proof-sign', '--json']);
      return (JSON.parse(listed.stdout) as string[]).sort();
    };
    await workspace.write('apps/app/src/more.js', 'export {};\n');
    await workspace.commit('app');
    expect(await affected()).toEqual(['app']);
    const signed = await staticRun(['affected', '-t', 'proof-sign', `--base=${base}`, '--head=HEAD']);
    expect(signed.output).toMatch(/nx run app:proof-sign/);
    expect(signed.output).not.toMatch(/nx run lib:proof-sign/);
    await workspace.write('libs/lib/src/more.js', 'export {};\n');
    await workspace.commit('lib');
    expect(await affected()).toEqual(['app', 'lib']);
    await staticRun(['affected', '-t', 'proof-sign', `--base=${base}`, '--head=HEAD']);
    await run(['run-many', '-t', 'proof-verify']);
  });

  it('refuses a rule with "scope": "local" when CI is set', async () => {
    const refused = await workspace.nx(['run', 'app:proof-verify'], { env: { CI: 'true' } });
    expect(refused.code, refused.output).toBe(1);
    expect(refused.output).toContain('RULE_LOCAL_ONLY');
  });

  it('makes the same create/ in another clone at another path', async () => {
    await run(['run-many', '-t', 'proof-create']);
    const clone = await workspace.clone();
    try {
      await ok(clone.nx(['run-many', '-t', 'proof-create']));
      for (const file of CREATED) expect(await clone.read(file), file).toBe(await workspace.read(file));
      for (const text of [clone.root, workspace.root, 'secret']) {
        for (const file of CREATED) expect(await clone.read(file)).not.toContain(text);
      }
      await ok(clone.nx(['run-many', '-t', 'proof-verify']));
    } finally {
      await clone.remove();
    }
  });
});

describe('installed as proof@npm:nx-proof', () => {
  let workspace: DemoWorkspace;
  beforeAll(async () => {
    workspace = await DemoWorkspace.create({ pm: 'npm', nx: '24.0.6', alias: 'proof' });
  });
  afterAll(() => workspace.remove());

  it('has executors proof:create, proof:sign and proof:verify', async () => {
    await ok(workspace.nx(['g', 'proof:init', '--no-interactive']));
    await ok(workspace.nx(['g', 'proof:targets', 'app', '--explicit', '--no-interactive']));
    expect(await workspace.read('apps/app/project.json')).toContain('"proof:create"');
    await workspace.write('libs/lib/proof.json', '{}\n');
    await workspace.commit('proofs');
    await ok(workspace.nx(['run', 'app:proof-verify']));
    expect(await workspace.read('libs/lib/.proof/create/statement.intoto.json')).toContain('libs/lib/dist/main.js');
    await workspace.write('apps/app/dist/main.js', '');
    const refused = await workspace.nx(['run', 'app:proof-verify', '--excludeTaskDependencies']);
    expect(refused.code, refused.output).toBe(1);
    expect(refused.output).toContain('apps/app/dist/main.js');
  });
});

describe('pnpm --filter', () => {
  let workspace: DemoWorkspace;
  beforeAll(async () => {
    workspace = await DemoWorkspace.create({ pm: 'pnpm', nx: '24.0.6' });
    await ok(workspace.nx(['g', 'nx-proof:init', '--no-interactive']));
    await ok(workspace.nx(['g', 'nx-proof:targets', '--all', '--no-interactive']));
    await workspace.commit('proofs');
  });
  afterAll(() => workspace.remove());

  it('signs and verifies exactly the selection', async () => {
    await ok(workspace.pnpm(['--filter', '@demo/lib', 'exec', 'nx', 'proof-sign']));
    expect(await workspace.exists('libs/lib/.proof/sign/bundle.sigstore.json')).toBe(true);
    expect(await workspace.exists('apps/app/.proof/sign')).toBe(false);
    await ok(workspace.pnpm(['--filter', '@demo/lib', 'exec', 'nx-proof', 'verify']));
    expect(await workspace.exists('libs/lib/.proof/verify/verdict.json')).toBe(true);
    const refused = await workspace.pnpm(['--filter', 'app', 'exec', 'nx-proof', 'verify']);
    expect(refused.output).toContain('PROOF_NOT_FOUND');
    expect(refused.code).not.toBe(0);
  });
});
