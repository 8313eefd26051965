import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BUNDLE, CliWorkspace, STATEMENT, projectJson } from '../support/cli-workspace';

let cli: CliWorkspace;
beforeEach(async () => {
  cli = await CliWorkspace.create([{ name: 'app' }, { name: 'lib', root: 'libs/lib' }]);
});
afterEach(() => cli.remove());

const verdictFile = 'apps/app/.proof/verify/verdict.json';

describe('nx-proof verify PATH', () => {
  beforeEach(() => cli.prove('app'));

  it('prints the verdict, a line for each check, and a sum', async () => {
    const { exitCode, stdout, stderr } = await cli.run(['verify', 'apps/app']);
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^\[brAInwav\] app: PASSED; 2 files, 37 B; signed by key [0-9a-f]{64}; statement sha256:[0-9a-f]{64}$/);
    expect(lines.slice(1, -1).map((line) => line.trim().split(/ +/)[1])).toEqual(['bundle', 'signature', 'statement', 'subjects', 'envelope', 'identity', 'predicate', 'builder', 'source', 'freshness', 'dependencies']);
    expect(lines.at(-1)).toBe('[brAInwav] 1 project verified, 0 refused, 0 could not be verified (exit 0)');
    expect(JSON.parse(await cli.ws.read(verdictFile))).toMatchObject({ project: 'app', result: 'PASSED' });
  });

  it.each(['apps/app', 'apps/app/', './apps/../apps/app', 'apps/app/.proof', `apps/app/${BUNDLE}`, 'apps/app/.proof/sign/envelope.proof.json'])('takes %s for the proof of app', async (argument) => {
    const result = await cli.run(['verify', argument, '--json']);
    expect(result.json()).toMatchObject({ exitCode: 0, outcomes: [{ project: 'app', verdict: { result: 'PASSED' } }] });
    expect(result.exitCode).toBe(0);
  });

  it('verifies the project of the current folder when nothing is named', async () => {
    for (const folder of ['apps/app', 'apps/app/src']) {
      const { exitCode, stdout } = await cli.run(['verify'], { cwd: cli.ws.file(folder) });
      expect(exitCode).toBe(0);
      expect(stdout).toContain('app: PASSED');
    }
  });

  it('verifies a project once, however often it is named', async () => {
    const { stdout } = await cli.run(['verify', 'apps/app', 'apps/app/.proof', `apps/app/${BUNDLE}`]);
    expect(stdout).toContain('1 project verified');
  });

  it('refuses a changed file with exit 1, its code and its name', async () => {
    await cli.ws.write('apps/app/dist/main.js', "exports.name = 'axp';\n");
    const { exitCode, stdout } = await cli.run(['verify', 'apps/app']);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/ {2}failed +subjects +.*apps\/app\/dist\/main\.js.*\(SUBJECT_MISMATCH, exit 1\)\n/);
    expect(stdout).toContain('0 projects verified, 1 refused, 0 could not be verified (exit 1)');
  });

  it('lists every outcome, and lets 1 go before 2', async () => {
    await cli.ws.write('apps/app/dist/extra.js', '');
    const { exitCode, stdout } = await cli.run(['verify', 'apps/app', 'libs/lib']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('SUBJECT_EXTRA');
    expect(stdout).toMatch(/lib: .*\(PROOF_NOT_FOUND, exit 2\)/);
    expect(stdout).toContain('0 projects verified, 1 refused, 1 could not be verified (exit 1)');
  });

  it('never takes a PATH for a name: a project could be called like the folder of another', async () => {
    await cli.ws.write('evil/project.json', JSON.stringify({ name: 'apps/gone' }));
    expect(await cli.run(['verify', 'apps/gone'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('PROOF_NOT_FOUND') });
  });

  it.each([
    ['nowhere', 'PROOF_NOT_FOUND', 'there is nothing at nowhere'],
    ['apps/app/src', 'PROJECT_UNKNOWN', 'apps/app/src is not the folder of a project'],
    ['.', 'PROJECT_UNKNOWN', 'is not the folder of a project'],
    ['apps/app/src/main.ts/x', 'PROOF_NOT_FOUND', 'there is nothing at'],
    [`apps/app/${STATEMENT}`, 'PROOF_NOT_FOUND', 'is no signed proof'],
    ['apps/app/.proof/create/envelope.proof.json', 'PROOF_NOT_FOUND', 'is no signed proof'],
    ['nx.json', 'OPTION_INVALID', '"nx.json" lies in no project; say with --project NAME'],
  ])('does not verify %s: %s', async (argument, code, message) => {
    const { exitCode, stderr } = await cli.run(['verify', argument]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(code);
    expect(stderr).toContain(message);
  });

  it('does not verify nothing: outside of all projects a PATH or --all is needed', async () => {
    expect(await cli.run(['verify'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('give a PATH, or --all (PROOF_NOT_FOUND, exit 2)') });
  });
});

describe('a project at the root of the workspace', () => {
  it('is the one of every folder that lies in no other project', async () => {
    await cli.ws.write('project.json', projectJson('whole', ['{projectRoot}/out']));
    const here = async (folder: string): Promise<string> => (await cli.run(['verify', '--concurrency', '2'], { cwd: cli.ws.file(folder) })).stdout;
    expect(await here('.')).toMatch(/whole: .*PROOF_NOT_FOUND/);
    expect(await here('apps')).toMatch(/whole: .*PROOF_NOT_FOUND/);
    expect(await here('apps/app/src')).toMatch(/app: .*PROOF_NOT_FOUND/);
  });

  it('does not take the project around a package for that package, which is none of the workspace: exit 2', async () => {
    await cli.prove('app');
    await cli.ws.write('apps/app/dist-types/x/package.json', '{"name":"x"}');
    for (const folder of ['apps/app/dist-types/x', 'apps/app/dist-types/x/src']) {
      await mkdir(cli.ws.file(folder), { recursive: true });
      expect(await cli.run(['verify'], { cwd: cli.ws.file(folder) })).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('lies in no project') });
    }
  });
});

describe('nx-proof verify --project', () => {
  beforeEach(() => cli.prove('app'));

  it('verifies a bundle from elsewhere as a proof of that project, and writes nothing', async () => {
    const elsewhere = path.join(cli.home, 'received.json');
    await copyFile(cli.ws.file(`apps/app/${BUNDLE}`), elsewhere);
    const { exitCode, stdout } = await cli.run(['verify', elsewhere, '--project', 'app']);
    expect(stdout).toContain('app: PASSED');
    expect(exitCode).toBe(0);
    await expect(cli.ws.read(verdictFile)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await cli.run(['verify', elsewhere])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('lies in no project') });
  });

  it('takes a bundle in the folder of a project for one of it', async () => {
    await mkdir(cli.ws.file('apps/app/node_modules'));
    await copyFile(cli.ws.file(`apps/app/${BUNDLE}`), cli.ws.file('apps/app/node_modules/b.json'));
    expect((await cli.run(['verify', 'apps/app/node_modules/b.json'])).stdout).toContain('app: PASSED');
  });

  it('refuses the proof of another project', async () => {
    const { exitCode, stdout } = await cli.run(['verify', `apps/app/${BUNDLE}`, '--project', 'lib']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('PROJECT_MISMATCH');
  });

  it('names a project without a PATH', async () => {
    expect((await cli.run(['verify', '--project', 'app'])).stdout).toContain('app: PASSED');
    expect(await cli.run(['verify', '--project', 'nope'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('has no project "nope" (PROJECT_UNKNOWN, exit 2)') });
  });

  it('must fit the folder that is given', async () => {
    expect((await cli.run(['verify', 'apps/app', '--project', 'app'])).exitCode).toBe(0);
    expect(await cli.run(['verify', 'apps/app', '--project', 'lib'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--project "lib" is not the project in apps/app, which is app') });
  });
});

describe('nx-proof verify --all', () => {
  it('verifies every project with a proof', async () => {
    await cli.prove('app', 'lib');
    const result = await cli.run(['verify', '--all', '--json']);
    expect(result.json()).toMatchObject({ exitCode: 0, outcomes: [{ project: 'app', verdict: { result: 'PASSED' } }, { project: 'lib', verdict: { result: 'PASSED' } }] });
  });

  it('never succeeds when there is nothing to verify', async () => {
    const { exitCode, stderr } = await cli.run(['verify', '--all']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('(PROOF_NOT_FOUND, exit 2)');
  });

  it('refuses a required project without a proof, and an entry that matches nothing', async () => {
    await cli.prove('app');
    const policy = await cli.ws.json<object>('proof.policy.json');
    await cli.ws.write('proof.policy.json', JSON.stringify({ ...policy, required: ['app', 'lib', 'gone'] }));
    const result = await cli.run(['verify', '--all', '--json']);
    expect(result.exitCode).toBe(1);
    expect(result.json().outcomes).toMatchObject([{ project: 'app', verdict: {} }, { project: 'gone', error: { code: 'REQUIRED_UNMATCHED', exitCode: 1 } }, { project: 'lib', error: { code: 'REQUIRED_UNPROVED', exitCode: 1 } }]);
  });
});

describe('the policy of nx-proof verify', () => {
  beforeEach(() => cli.prove('app'));
  const key = () => path.join(cli.home, 'nx-proof', 'signing.pub.pem');

  it('is not needed with --key', async () => {
    await rm(cli.ws.file('proof.policy.json'));
    expect(await cli.run(['verify', 'apps/app'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('(POLICY_NOT_FOUND, exit 2)') });
    expect((await cli.run(['verify', 'apps/app', '--key', key()])).stdout).toContain('app: PASSED');
    await cli.ok('key', 'generate', '--out', path.join(cli.home, 'other.key.pem'), '--type', 'ed25519');
    const { exitCode, stdout } = await cli.run(['verify', 'apps/app', '--key', path.join(cli.home, 'other.pub.pem')]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/SIGNER_NOT_ALLOWED|SIGNATURE_INVALID/);
  });

  it('may come from elsewhere, relative to the current folder', async () => {
    await mkdir(cli.ws.file('base'));
    await copyFile(cli.ws.file('proof.policy.json'), cli.ws.file('base/p.json'));
    await rm(cli.ws.file('proof.policy.json'));
    const result = await cli.run(['verify', '../apps/app', '--policy', 'p.json'], { cwd: cli.ws.file('base') });
    expect(result.stdout).toContain('app: PASSED');
  });

  it('is warned about when CI does not pin it, refused with --strict, and pinned by its digest', async () => {
    const env = { CI: 'true' };
    const loose = await cli.run(['verify', 'apps/app'], { env });
    expect(loose).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('[brAInwav] warning: ') });
    expect(loose.stderr).toContain('is not pinned');
    const strict = await cli.run(['verify', 'apps/app', '--strict'], { env });
    expect(strict).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('(POLICY_UNPINNED, exit 1)') });
    const digest = /[0-9a-f]{64}/.exec(loose.stderr)?.[0] ?? '';
    expect(await cli.run(['verify', 'apps/app', '--strict', '--policy-digest', digest], { env })).toMatchObject({ exitCode: 0, stderr: '' });
    const other = '0'.repeat(64);
    expect(await cli.run(['verify', 'apps/app', '--policy-digest', other], { env })).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('(POLICY_DIGEST_MISMATCH, exit 1)') });
  });

  it('takes no option from the project that is verified', async () => {
    await cli.ws.write('apps/app/proof.json', JSON.stringify({ verify: { policy: 'evil.json' } }));
    await cli.ws.write('evil.json', JSON.stringify({ version: 1, rules: [] }));
    const { stdout } = await cli.run(['verify', 'apps/app']);
    expect(stdout).not.toContain('RULE_MISSING');
  });

  it.each([
    [['--key', 'k.pem', '--policy', 'p.json'], '--key "k.pem" takes the place of a policy; leave out --policy'],
    [['--key', 'k.pem', '--strict'], 'leave out --strict'],
    [['--policy-digest', 'abc'], '--policy-digest "abc" must be 64 lowercase hex digits'],
    [['--all', 'apps/app'], '--all means every project; leave out "apps/app"'],
    [['--all', '--project', 'app'], '--project "app" names one project; leave out --all'],
    [['--project', 'app', 'apps/app', 'libs/lib'], '--project "app" names the project of one PATH'],
  ])('refuses options that contradict each other: %j', async (options, message) => {
    expect(await cli.run(['verify', ...options])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(message) });
  });
});

describe('what the files do not say', () => {
  beforeEach(() => cli.prove('app'));

  it('is undetermined with another plugin, and said how to find out; --graph says it', async () => {
    const policy = await cli.ws.json<{ rules: { projects: string[] }[] }>('proof.policy.json');
    const rules = policy.rules.map((rule) => ({ ...rule, projects: ['tag:web'] }));
    await cli.ws.write('proof.policy.json', JSON.stringify({ ...policy, rules }));
    await cli.ws.write('nx.json', JSON.stringify({ plugins: ['@nx/js/typescript'] }));
    const { exitCode, stdout } = await cli.run(['verify', 'apps/app']);
    expect(exitCode).toBe(2);
    expect(stdout).toContain('(GRAPH_REQUIRED, exit 2)');
    expect(stdout).toContain('nx graph --file=graph.json');
    const node = { data: { root: 'apps/app', tags: ['web'], targets: { build: { outputs: ['{projectRoot}/dist'] } } } };
    const graph = path.join(cli.home, 'graph.json');
    await writeFile(graph, JSON.stringify({ graph: { nodes: { app: node }, dependencies: { app: [] } } }));
    const known = await cli.run(['verify', 'apps/app', '--graph', graph]);
    expect(known.stdout).not.toContain('GRAPH_REQUIRED');
    expect(known.stdout).toMatch(/passed +subjects/);
  });
});

describe('standard output with --json', () => {
  it('is one document, whatever happens', async () => {
    await cli.prove('app');
    const documents = [await cli.run(['verify', '--all', '--json']), await cli.run(['verify', 'nowhere', '--json']), await cli.run(['verify', '--json'], { env: { CI: '1' } })];
    for (const { stdout } of documents) {
      expect(stdout.split('\n')).toHaveLength(2);
      expect(JSON.parse(stdout)).toHaveProperty('exitCode');
    }
    expect(JSON.stringify(documents.map(({ stdout }) => stdout))).not.toContain(await readFile(cli.ws.file(`apps/app/${STATEMENT}`), 'utf8'));
  });
});
