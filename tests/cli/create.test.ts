import { rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli';
import { projectJson, STATEMENT } from '../support/cli-workspace';
import { TestWorkspace } from '../support/workspace';

/** Nx knows one workspace for as long as it is loaded, so all of this happens in one. */
let ws: TestWorkspace;
beforeAll(async () => {
  ws = await TestWorkspace.create([{ name: 'app' }, { name: 'lib', root: 'libs/lib' }, { name: 'bare', root: 'libs/bare' }], {
    'nx.json': JSON.stringify({ plugins: [], cacheDirectory: '.nx/c' }),
    'package.json': JSON.stringify({ name: 'root', private: true }),
    'apps/app/project.json': JSON.stringify({
      name: 'app',
      implicitDependencies: ['lib'],
      targets: { build: { executor: 'nx:noop', outputs: ['{projectRoot}/dist'] }, 'proof-create': { executor: 'nx-proof:create', options: { actor: { agent: 'me', role: 'tester' } } } },
    }),
    'libs/lib/project.json': JSON.stringify({ name: 'lib', targets: { build: { executor: 'nx:noop' }, prove: { executor: 'proof:create', options: { artifacts: ['dist'] } } } }),
    'libs/bare/project.json': projectJson('bare', []),
  });
  await symlink(path.resolve('node_modules'), path.join(ws.root, 'node_modules'), 'junction');
  process.env['NX_DAEMON'] = 'false';
});
afterAll(() => ws.remove());

const run = (...argv: string[]) => runCli(['create', ...argv], { cwd: ws.root });
const dependencyDigests = async () => {
  const { predicate } = await ws.json<{ predicate: { buildDefinition: { resolvedDependencies: { name: string; digest?: { sha256: string } }[] } } }>(`apps/app/${STATEMENT}`);
  return predicate.buildDefinition.resolvedDependencies.find(({ name }) => name === 'nx:lib')?.digest;
};

describe('nx-proof create', () => {
  it('creates what has a target for it with --all, dependencies first', async () => {
    const result = await run('--all', '--json');
    expect(result.json()).toMatchObject({ exitCode: 0, outcomes: [{ project: 'lib', result: { files: 2, collapsed: false } }, { project: 'app', result: { files: 2 } }] });
    const { statementSha256 } = (result.json().outcomes[0] as unknown as { result: { statementSha256: string } }).result;
    expect(await dependencyDigests()).toEqual({ sha256: statementSha256 });
  });

  it('takes the options of the target, as the executor does', async () => {
    const { exitCode, stdout } = await run('app');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^\[brAInwav\] app: created the statement sha256:[0-9a-f]{64} of 2 files, 37 B\n$/);
    expect(await ws.json('apps/app/.proof/create/envelope.proof.json')).toMatchObject({ actor: { agent: 'me', role: 'tester' } });
  });

  it('takes names, folders and the current folder', async () => {
    expect((await run('apps/app', 'lib', 'app')).stdout).toContain('[brAInwav] 2 projects created\n');
    expect((await runCli(['create'], { cwd: ws.file('libs/lib/src') })).stdout).toContain('lib: created');
  });

  it('creates the others when one fails, and those that depend on it too', async () => {
    await ws.write('libs/bare/dist/x.js', '');
    const { exitCode, stdout } = await run('bare', 'app');
    expect(exitCode).toBe(2);
    expect(stdout).toMatch(/bare: .*\(OUTPUTS_UNDECLARED, exit 2\)/);
    expect(stdout).toContain('Add "outputs" to the build target');
    expect(stdout).toContain('app: created');
    expect(stdout).toContain('[brAInwav] 1 project created, 1 failed (exit 2)');
  });

  it('ends with exit 2 when there is nothing in an artifact root', async () => {
    await ws.write('libs/lib/project.json', JSON.stringify({ name: 'lib', targets: { prove: { executor: 'proof:create', options: { artifacts: ['none'] } } } }));
    expect(await run('lib')).toMatchObject({ exitCode: 2, stdout: expect.stringContaining('(ARTIFACTS_EMPTY, exit 2)') });
  });

  it.each([
    ['a link in a root', 'ARTIFACT_SYMLINK', () => symlink('main.js', ws.file('apps/app/dist/bad'))],
    ['a root of another project inside', 'NESTED_PACKAGE', () => ws.write('apps/app/dist/bad/project.json', projectJson('inner'))],
    ['a folder of proofs inside', 'NESTED_PACKAGE', () => ws.write('apps/app/dist/bad/.proof/x.json', '{}')],
  ])('ends with exit 2 for %s: %s', async (_, code, spoil) => {
    await ws.write('.gitignore', '.proof\nnode_modules\n.nx\n');
    await spoil();
    try {
      const { exitCode, stdout } = await run('app');
      expect(stdout).toContain(`(${code}, exit 2)`);
      expect(stdout).toContain('apps/app/dist/bad');
      expect(exitCode).toBe(2);
    } finally {
      await rm(ws.file('apps/app/dist/bad'), { recursive: true });
    }
  });

  it('names the option that is wrong in a target', async () => {
    await ws.write('libs/lib/project.json', JSON.stringify({ name: 'lib', targets: { prove: { executor: 'proof:create', options: { artefacts: ['dist'] } } } }));
    expect(await run('lib')).toMatchObject({ exitCode: 2, stdout: expect.stringMatching(/option "artefacts".*\(OPTION_INVALID, exit 2\)/) });
  });

  it.each([
    [['nope'], '(PROJECT_UNKNOWN, exit 2)'],
    [['--all', 'app'], '--all means every project; leave out "app"'],
    [[], 'lies in no project; name projects, or give --all'],
  ])('ends with exit 2 for %j', async (args, message) => {
    expect(await run(...args)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(message) });
  });

  it('says what Nx says when it cannot make the graph, and nothing of it on standard output', async () => {
    await writeFile(ws.file('libs/lib/project.json'), JSON.stringify({ name: 'app' }));
    const { exitCode, stdout, stderr } = await run('--all');
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/Nx cannot make the project graph of .*app.*\(WORKSPACE_INVALID, exit 2\)/);
  });

  it('says so when no project has a target for it', async () => {
    await ws.write('libs/lib/project.json', projectJson('lib'));
    await ws.write('apps/app/project.json', projectJson('app'));
    expect(await run('--all')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no project of') });
  });
});
