import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BUNDLE, CliWorkspace } from '../support/cli-workspace';

let cli: CliWorkspace;
beforeEach(async () => {
  cli = await CliWorkspace.create([{ name: 'app' }, { name: 'lib', root: 'libs/lib' }]);
});
afterEach(() => cli.remove());

const signed = (root: string) => cli.ws.read(`${root}/${BUNDLE}`).then(() => true, () => false);

describe('nx-proof sign', () => {
  it('signs the project of the current folder', async () => {
    await cli.ws.create('app');
    const { exitCode, stdout, stderr } = await cli.run(['sign'], { cwd: cli.ws.file('apps/app') });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/^\[brAInwav\] app: signed the statement sha256:[0-9a-f]{64} as key:sha256:[0-9a-f]{64}\n$/);
    expect(await signed('apps/app')).toBe(true);
  });

  it('takes names and folders, each project once', async () => {
    await cli.ws.create('app');
    await cli.ws.create('lib');
    const { stdout } = await cli.run(['sign', 'lib', 'apps/app', 'app', './libs/lib']);
    expect(stdout.match(/: signed /g)).toHaveLength(2);
    expect(stdout).toContain('[brAInwav] 2 projects signed\n');
  });

  it('signs every project that has a statement with --all', async () => {
    await cli.ws.create('lib');
    const result = await cli.run(['sign', '--all', '--json']);
    expect(result.json()).toMatchObject({ exitCode: 0, outcomes: [{ project: 'lib', result: { project: 'lib', bundleSha256: expect.stringMatching(/^[0-9a-f]{64}$/) } }] });
  });

  it('signs the others when one fails, and lists both', async () => {
    await cli.ws.create('app');
    await cli.ws.create('lib');
    await cli.ws.write('apps/app/dist/main.js', 'changed');
    const { exitCode, stdout } = await cli.run(['sign', '--all']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('(SUBJECT_CHANGED, exit 1)');
    expect(stdout).toContain('lib: signed');
    expect(stdout).toContain('[brAInwav] 1 project signed, 1 failed (exit 1)');
    expect([await signed('apps/app'), await signed('libs/lib')]).toEqual([false, true]);
    const result = await cli.run(['sign', 'app', '--json']);
    expect(result.json()).toMatchObject({ exitCode: 1, outcomes: [{ project: 'app', error: { code: 'SUBJECT_CHANGED', hint: expect.any(String), exitCode: 1 } }] });
  });

  it('uses the key of --key, relative to the current folder', async () => {
    await cli.ws.create('app');
    await cli.ok('key', 'generate', '--type', 'ed25519', '--out', path.join(cli.root, 'apps', 'ci.key.pem'));
    await cli.ok('key', 'trust', 'apps/ci.pub.pem');
    const { exitCode, stdout } = await cli.run(['sign', 'app', '--key', '../ci.key.pem'], { cwd: cli.ws.file('apps/app') });
    expect(exitCode).toBe(0);
    const keys = (await cli.run(['key', 'list', '--json'])).json()['keys'] as { type: string; fingerprint: string }[];
    expect(stdout).toContain(keys.find(({ type }) => type === 'ed25519')?.fingerprint);
  });

  it('takes no key from the project that is signed', async () => {
    await cli.ws.write('apps/app/proof.json', JSON.stringify({ sign: { key: 'evil.key.pem' } }));
    await cli.ws.create('app');
    expect((await cli.run(['sign', 'app'])).exitCode).toBe(0);
  });

  it.each([
    [['--all'], 'STATEMENT_NOT_FOUND', 'has a statement'],
    [['nope'], 'PROJECT_UNKNOWN', '"nope" is neither the name nor the folder of a project'],
    [['../..'], 'PROJECT_UNKNOWN', 'is neither the name nor the folder'],
    [[], 'STATEMENT_NOT_FOUND', 'lies in no project; name projects, or give --all'],
    [['--all', 'app'], 'OPTION_INVALID', '--all means every project; leave out "app"'],
    [['app', '--key', 'none.pem'], 'KEY_NOT_FOUND', 'none.pem'],
  ])('ends with exit 2 for %j: %s', async (args, code, message) => {
    const { exitCode, stderr } = await cli.run(['sign', ...args]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`(${code}, exit 2)`);
    expect(stderr).toContain(message);
  });

  it('ends with exit 2 for a project without a statement, among its outcomes', async () => {
    const { exitCode, stdout } = await cli.run(['sign', 'app']);
    expect(exitCode).toBe(2);
    expect(stdout).toMatch(/app: .*\(STATEMENT_NOT_FOUND, exit 2\)/);
  });
});

describe('the key of nx-proof sign', () => {
  beforeEach(() => cli.ws.create('app'));
  const file = () => path.join(cli.home, 'nx-proof', 'signing.key.pem');

  it.skipIf(process.platform === 'win32')('must be readable by its owner alone', async () => {
    await chmod(file(), 0o640);
    expect(await cli.run(['sign', 'app'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('(KEY_PERMISSIONS, exit 2)') });
    expect(await signed('apps/app')).toBe(false);
  });

  it('needs its passphrase', async () => {
    const key = path.join(cli.home, 'locked.key.pem');
    const made = await cli.run(['key', 'generate', '--out', key], { env: { NX_PROOF_KEY_PASSPHRASE: 'right' } });
    expect(made.stdout).toContain(', encrypted with NX_PROOF_KEY_PASSPHRASE');
    for (const env of [{}, { NX_PROOF_KEY_PASSPHRASE: 'tr0ub4dor' }]) {
      const { exitCode, stdout, stderr } = await cli.run(['sign', 'app', '--key', key], { env });
      expect(exitCode).toBe(2);
      expect(stderr).toContain('(KEY_PASSPHRASE, exit 2)');
      expect(stdout + stderr).not.toContain('tr0ub4dor');
    }
    expect((await cli.run(['sign', 'app', '--key', key], { env: { NX_PROOF_KEY_PASSPHRASE: 'right' } })).exitCode).toBe(0);
  });

  it('may be in the environment, and is never printed', async () => {
    const pem = await readFile(file(), 'utf8');
    await rm(file());
    const env = { NX_PROOF_SIGNING_KEY: pem };
    const result = await cli.run(['sign', 'app', '--log-level', 'debug'], { env });
    expect(result.exitCode).toBe(0);
    const broken = await cli.run(['sign', 'app', '--json', '--log-level', 'debug'], { env: { NX_PROOF_SIGNING_KEY: pem.replace('PRIVATE KEY-----\n', 'PRIVATE KEY-----\nAAAA') } });
    expect(broken).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('(KEY_INVALID, exit 2)') });
    expect(JSON.stringify([result, broken])).not.toContain(pem.split('\n')[1]);
    await writeFile(file(), '');
  });
});
