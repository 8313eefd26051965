import { stat, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli, type CliResult } from '../support/cli';
import { temporaryFolder, writeFiles } from '../support/folder';

function setup() {
  const home = temporaryFolder();
  const cwd = temporaryFolder();
  const run = (...argv: string[]): Promise<CliResult> => runCli(['key', ...argv], { cwd, env: { XDG_CONFIG_HOME: home, APPDATA: home } });
  return { home, cwd, run };
}

describe('nx-proof key generate', () => {
  it('makes the own key outside of any workspace, and says how to trust it', async () => {
    const { home, run } = setup();
    const { exitCode, stdout } = await run('generate');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^\[brAInwav\] made the ecdsa-p256 key [0-9a-f]{64}\n/);
    expect(stdout).toContain(', not encrypted; keep it to yourself');
    expect(stdout).toContain('nx-proof key trust ');
    const file = path.join(home, 'nx-proof', 'signing.key.pem');
    if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(stdout).not.toContain((await readFile(file, 'utf8')).split('\n')[1]);
  });

  it('makes one of the kind and at the place asked for, and overwrites none', async () => {
    const { cwd, run } = setup();
    const made = await run('generate', '--type', 'ed25519', '--out', 'ci.key.pem', '--json');
    expect(made.json()).toMatchObject({ exitCode: 0, key: { type: 'ed25519', file: path.join(cwd, 'ci.key.pem'), publicFile: path.join(cwd, 'ci.pub.pem'), isEncrypted: false } });
    expect(await run('generate', '--out', 'ci.key.pem')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('(KEY_EXISTS, exit 2)') });
  });
});

describe('nx-proof key trust and list', () => {
  it('adds the key to proof.keys/ and to a rule, once', async () => {
    const { cwd, run } = setup();
    await writeFiles(cwd, { 'nx.json': '{}' });
    await run('generate', '--out', 'sub/ci.key.pem');
    const trusted = await run('trust', 'sub/ci.pub.pem', '--projects', 'app, tag:web', '--scope', 'local', '--json');
    const { key } = trusted.json() as unknown as { key: { fingerprint: string; file: string } };
    expect(trusted.json()).toMatchObject({ exitCode: 0, key: { rule: 'rules[0]', isChanged: true } });
    expect(JSON.parse(await readFile(path.join(cwd, 'proof.policy.json'), 'utf8'))).toMatchObject({ rules: [{ projects: ['app', 'tag:web'], signers: [{ key: key.fingerprint }], scope: 'local' }] });
    expect((await run('trust', 'sub/ci.pub.pem', '--projects', 'app,tag:web', '--scope', 'local')).stdout).toContain('rules[0] of proof.policy.json accepts already');
    const list = await run('list');
    expect(list.stdout).toBe(`[brAInwav] 1 key\n  ${key.fingerprint}  ecdsa-p256; in proof.keys/; rules[0]\n`);
  });

  it('lists the own key as well', async () => {
    const { cwd, run } = setup();
    await writeFiles(cwd, { 'nx.json': '{}' });
    expect((await run('list')).stdout).toBe('[brAInwav] 0 keys\n');
    await run('generate');
    expect((await run('list')).stdout).toMatch(/ {2}[0-9a-f]{64} {2}ecdsa-p256; your own; not in proof\.keys\/; in no rule\n/);
    expect((await run('list', '--json')).json()['keys']).toMatchObject([{ isOwn: true }]);
  });

  it.each([
    [['trust'], 'needs the FILE of a public key'],
    [['trust', 'a', 'b'], 'FILE "b" is a second file'],
    [['trust', 'a', '--projects', 'x,,y'], '--projects "x,,y" has an empty entry'],
    [['trust', 'none.pem'], 'none.pem'],
  ])('refuses %j', async (args, message) => {
    const { cwd, run } = setup();
    await writeFiles(cwd, { 'nx.json': '{}' });
    expect(await run(...args)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(message) });
  });

  it('does not trust a private key', async () => {
    const { cwd, run } = setup();
    await writeFiles(cwd, { 'nx.json': '{}' });
    await run('generate', '--out', 'ci.key.pem');
    expect(await run('trust', 'ci.key.pem')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('(KEY_INVALID, exit 2)') });
  });
});
