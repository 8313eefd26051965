import { createHash } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publicKeyPem } from '../../src/model/keys';
import { makeBundle } from '../support/bundles';
import { runCli } from '../support/cli';
import { temporaryFolder, writeFiles } from '../support/folder';
import { startSigstore, type Sigstore } from '../support/sigstore';
import { newKeyPair } from '../support/sigstore/x509';

let sigstore: Sigstore;
beforeAll(async () => void (sigstore = await startSigstore()));
afterAll(() => sigstore.close());

const artifact = Buffer.from('An artifact.\n');
const sha256 = createHash('sha256').update(artifact).digest('hex');

async function folderWith(files: Record<string, string | Buffer> = {}): Promise<string> {
  const key = newKeyPair();
  const folder = temporaryFolder();
  const bundle = makeBundle(sigstore, { artifact, key, entries: [] });
  await writeFiles(folder, { 'b.json': JSON.stringify(bundle), 'k.pem': publicKeyPem(key.publicKey), 'a.txt': artifact, ...files });
  return folder;
}
const KEY = ['verify-bundle', '--bundle', 'b.json', '--key', 'k.pem'];

describe('nx-proof verify-bundle', () => {
  it('says yes with exit code 0, also as JSON', async () => {
    const cwd = await folderWith();
    const text = await runCli([...KEY, 'a.txt'], { cwd });
    expect(text).toMatchObject({ exitCode: 0, stderr: '' });
    expect(text.stdout).toContain(`[brAInwav] PASSED; sha256:${sha256}; signed by key `);
    const { exitCode, json } = await runCli([...KEY, '--json', `sha256:${sha256.toUpperCase()}`], { cwd });
    expect([exitCode, json()]).toMatchObject([0, { exitCode: 0, verdict: { result: 'PASSED', sha256 } }]);
  });

  it('says no with exit code 1, and why', async () => {
    const cwd = await folderWith({ 'a.txt': 'other' });
    const { exitCode, stdout } = await runCli([...KEY, 'a.txt'], { cwd });
    expect(exitCode).toBe(1);
    expect(stdout).toContain('[brAInwav] FAILED; sha256:');
    expect(stdout).toContain('(SUBJECT_MISMATCH, exit 1)');
    expect(stdout).not.toContain('signed by');
  });

  it.each<[string, readonly string[], string]>([
    ['no artifact', KEY, 'FILE|sha256:HEX is missing'],
    ['two artifacts', [...KEY, 'a.txt', 'b.txt'], 'FILE "b.txt" is a second artifact'],
    ['no bundle', ['verify-bundle', '--key', 'k.pem', 'a.txt'], '--bundle is missing'],
    ['no signer', ['verify-bundle', '--bundle', 'b.json', 'a.txt'], '--key, or --certificate-identity with --certificate-oidc-issuer is missing'],
    ['an identity without its issuer', ['verify-bundle', '--bundle', 'b.json', '--certificate-identity', 'i', 'a.txt'], '--key, or'],
    ['an issuer without an identity', ['verify-bundle', '--bundle', 'b.json', '--certificate-oidc-issuer', 'i', 'a.txt'], '--key, or'],
    ['a key and an issuer', [...KEY, '--certificate-oidc-issuer', 'i', 'a.txt'], 'excludes an identity'],
    ['staging without its trust root', [...KEY, '--staging', 'a.txt'], '--staging is known by name only: give --trusted-root'],
  ])('refuses %s: OPTION_INVALID', async (_name, argv, message) => {
    const { exitCode, stderr } = await runCli(argv, { cwd: await folderWith() });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain('OPTION_INVALID');
  });

  it('takes a file for a file, though its name is a digest', async () => {
    const cwd = await folderWith({ [`sha256:${sha256}`]: 'other' });
    expect(await runCli([...KEY, `sha256:${sha256}`], { cwd })).toMatchObject({ exitCode: 1 });
    expect(await runCli([...KEY, `sha256:${sha256.slice(1)}`], { cwd })).toMatchObject({ exitCode: 3 });
  });

  it('takes the trust root that is given for the staging instance', async () => {
    const cwd = await folderWith({ 'root.json': JSON.stringify(sigstore.trustedRoot), 'c.json': JSON.stringify(makeBundle(sigstore, { artifact })) });
    const identity = ['--certificate-identity', sigstore.identity, '--certificate-oidc-issuer', sigstore.oidc.url];
    const argv = ['verify-bundle', '--staging', '--bundle', 'c.json', ...identity];
    expect(await runCli([...argv, '--trusted-root', path.join(cwd, 'root.json'), 'a.txt'], { cwd })).toMatchObject({ exitCode: 0 });
  });
});
