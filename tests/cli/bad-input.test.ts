import { rm, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BUNDLE, CliWorkspace, STATEMENT, projectJson } from '../support/cli-workspace';

let cli: CliWorkspace;
let policy: string;
let proof: { bundle: string; statement: string };
beforeAll(async () => {
  cli = await CliWorkspace.create([{ name: 'app' }]);
  await cli.prove('app');
  policy = await cli.ws.read('proof.policy.json');
  proof = { bundle: await cli.ws.read(`apps/app/${BUNDLE}`), statement: await cli.ws.read(`apps/app/${STATEMENT}`) };
});
afterAll(() => cli.remove());

/** Everything as it was when the proof was made. */
beforeEach(async () => {
  cli.ws.git('checkout', '-q', '--', '.');
  cli.ws.git('clean', '-qfd', '-e', 'proof.policy.json', '-e', 'proof.keys');
  await cli.ws.write('proof.policy.json', policy);
  await cli.ws.write(`apps/app/${BUNDLE}`, proof.bundle);
  await cli.ws.write(`apps/app/${STATEMENT}`, proof.statement);
});

const rules = (change: object) => JSON.stringify({ version: 1, rules: [{ ...(JSON.parse(policy) as { rules: object[] }).rules[0], ...change }] });
const verify = () => cli.run(['verify', 'apps/app']);
const sign = () => cli.run(['sign', 'app']);

describe('a policy that cannot be used', () => {
  it.each([
    ['{"version": 1,', 'POLICY_INVALID', 'proof.policy.json'],
    ['[]', 'POLICY_INVALID', 'must be object'],
    ['{"version": 2, "rules": []}', 'POLICY_INVALID', '/version'],
    ['{"version": 1, "rules": [], "extra": 1}', 'POLICY_INVALID', '"extra"'],
  ])('ends with exit 2: %s', async (text, code, message) => {
    await cli.ws.write('proof.policy.json', text);
    const { exitCode, stderr } = await verify();
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`(${code}, exit 2)`);
    expect(stderr).toContain(message);
  });

  it.each([
    [{ signer: [] }, '"signer"'],
    [{ signers: [{ key: 'abc' }] }, '/rules/0/signers/0'],
    [{ signers: [{ key: '0'.repeat(64) }] }, 'rules[0]'],
    [{ projects: [] }, '/rules/0/projects'],
    [{ dependencies: 'all' }, '/rules/0/dependencies'],
  ])('names the field of a rule: %j', async (change, field) => {
    await cli.ws.write('proof.policy.json', rules(change));
    const { exitCode, stderr } = await verify();
    expect(exitCode).toBe(2);
    expect(stderr).toContain('(POLICY_INVALID, exit 2)');
    expect(stderr).toContain(field);
  });

  it('is one that does not exist', async () => {
    expect(await cli.run(['verify', 'apps/app', '--policy', 'none.json'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('(POLICY_NOT_FOUND, exit 2)') });
  });
});

describe('documents that cannot be read', () => {
  it.each([
    ['cut short', () => proof.bundle.slice(0, -40)],
    ['empty', () => ''],
    ['no bundle', () => '{}'],
    ['not UTF-8', () => Buffer.from([0x7b, 0xff, 0x7d])],
    ['a list', () => '[]'],
  ])('a bundle that is %s ends with exit 2', async (_, content) => {
    await cli.ws.write(`apps/app/${BUNDLE}`, content());
    const { exitCode, stdout } = await verify();
    expect(exitCode).toBe(2);
    expect(stdout).toMatch(/\((JSON|BUNDLE)_INVALID, exit 2\)/);
    expect(stdout).toContain('could not be verified (exit 2)');
  });

  it.each([
    ['a bundle', BUNDLE, verify],
    ['a statement', STATEMENT, sign],
  ])('%s of 100 MB is not read', async (_, file, run) => {
    await truncate(cli.ws.file(`apps/app/${file}`), 100 * 1024 * 1024);
    const before = process.memoryUsage().rss;
    const { exitCode, stdout } = await run();
    expect(exitCode).toBe(2);
    expect(stdout).toContain('(FILE_TOO_LARGE, exit 2)');
    expect(process.memoryUsage().rss - before).toBeLessThan(60 * 1024 * 1024);
  });

  it('a statement that is cut short is not signed', async () => {
    await cli.ws.write(`apps/app/${STATEMENT}`, proof.statement.slice(0, 100));
    const { exitCode, stdout } = await sign();
    expect(exitCode).not.toBe(0);
    expect(stdout).toMatch(/\((JSON|STATEMENT)_INVALID, exit [12]\)/);
    expect(await cli.ws.read(`apps/app/${BUNDLE}`)).toBe(proof.bundle);
  });

  it.each([
    ['nx.json', '{', 'WORKSPACE_INVALID'],
    ['apps/app/project.json', '{', 'WORKSPACE_INVALID'],
    ['apps/app/proof.json', '{"creat": {}}', 'PROOF_FILE_INVALID'],
  ])('a broken %s ends with exit 2', async (file, content, code) => {
    await cli.ws.write(file, content);
    const { exitCode, stderr } = await verify();
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`(${code}, exit 2)`);
    expect(stderr).toContain(file);
  });

  it('a graph that is none ends with exit 2', async () => {
    await writeFile(path.join(cli.home, 'g.json'), '{"graph": {}}');
    const run = (file: string) => cli.run(['verify', 'apps/app', '--graph', path.join(cli.home, file)]);
    expect(await run('g.json')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('graph.nodes must be an object') });
    expect(await run('none.json')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('(GRAPH_REQUIRED, exit 2)') });
  });
});

describe('artifacts that cannot be proved', () => {
  const cases: readonly (readonly [string, string, () => Promise<void>])[] = [
    ['a link in a root', 'dist/link.js', () => symlink('main.js', cli.ws.file('apps/app/dist/link.js'))],
    ['a root of another project', 'dist/inner', () => cli.ws.write('apps/app/dist/inner/project.json', projectJson('inner'))],
    ['a folder of proofs', 'dist/.proof', () => cli.ws.write('apps/app/dist/.proof/x.json', '{}')],
  ];

  it.each(cases)('are refused by verify and by sign when they were put there afterwards: %s', async (_, name, spoil) => {
    // What git ignores is no project: this one has to be a member for all to see.
    await cli.ws.write('.gitignore', '.proof\nnode_modules\n.nx\n');
    await spoil();
    try {
      for (const { exitCode, stdout } of [await verify(), await sign()]) {
        expect(exitCode).toBe(1);
        expect(stdout).toContain(`apps/app/${name}`);
      }
    } finally {
      await rm(cli.ws.file(`apps/app/${name}`), { recursive: true });
    }
  });
});

describe('an interrupted run', () => {
  it('ends with exit 3', async () => {
    const { exitCode, stdout } = await cli.run(['verify', 'apps/app'], { signal: AbortSignal.abort() });
    expect(exitCode).toBe(3);
    expect(stdout).toContain('(ABORTED, exit 3)');
  });
});
