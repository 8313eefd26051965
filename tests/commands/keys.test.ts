import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmod, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { generateKey, listKeys, openSigner, prepareUserKey, trustKey } from '../../src/commands/keys';
import { loadPolicy } from '../../src/commands/policy';
import type { Env } from '../../src/env';
import { fingerprint, publicKeyPem } from '../../src/model/keys';
import { generatePrivateKey, locateSigningKey, privateKeyPem, publicKeyFile } from '../../src/sign';
import { temporaryFolder } from '../support/folder';

const PASSPHRASE = { NX_PROOF_KEY_PASSPHRASE: 'correct horse' };

/** An environment with a user's folder of its own. */
function envOf(variables: Readonly<Record<string, string>> = {}, home = temporaryFolder()): Env {
  return { now: () => new Date(0), env: { XDG_CONFIG_HOME: home, APPDATA: home, ...variables }, cwd: temporaryFolder(), signal: new AbortController().signal };
}

const also = (env: Env, variables: Readonly<Record<string, string>>): Env => ({ ...env, env: { ...env.env, ...variables } });
const saying = (text: string): unknown => expect.stringContaining(text);
const publicOf = (privateKey: KeyObject): string => fingerprint(createPublicKey(privateKey));

async function publicKeyIn(folder: string, name = 'ci.pub.pem', type: 'ecdsa-p256' | 'ed25519' = 'ecdsa-p256'): Promise<{ name: string; key: string; pem: string }> {
  const publicKey = createPublicKey(generatePrivateKey(type));
  await writeFile(path.join(folder, name), publicKeyPem(publicKey));
  return { name, key: fingerprint(publicKey), pem: publicKeyPem(publicKey) };
}

describe('generateKey', () => {
  it('when nothing is said it is the user\'s own ECDSA P-256 key', async () => {
    const env = envOf();
    const key = await generateKey(env);
    expect(key).toMatchObject({ type: 'ecdsa-p256', isEncrypted: false, file: locateSigningKey(env.env), publicFile: publicKeyFile(key.file) });
    expect(await readFile(key.publicFile, 'utf8')).toBe(key.publicKeyPem);
    expect((await openSigner(env, temporaryFolder(), {})).issuer).toBe(`key:sha256:${key.fingerprint}`);
    if (path.sep === '/') expect((await stat(key.file)).mode & 0o777).toBe(0o600);
  });

  it('when a file and type are given it is that, relative to the current folder', async () => {
    const env = envOf(PASSPHRASE);
    const key = await generateKey(env, { file: 'keys/ci.key.pem', type: 'ed25519' });
    expect(key).toMatchObject({ type: 'ed25519', isEncrypted: true, file: path.join(env.cwd, 'keys', 'ci.key.pem') });
    expect((await openSigner(env, temporaryFolder(), { key: key.file })).issuer).toBe(`key:sha256:${key.fingerprint}`);
    expect(await readFile(key.file, 'utf8')).toContain('BEGIN ENCRYPTED PRIVATE KEY');
  });

  it('when the passphrase is empty the key is not encrypted: it would protect nothing', async () => {
    const env = envOf({ NX_PROOF_KEY_PASSPHRASE: '' });
    const key = await generateKey(env);
    expect(key.isEncrypted).toBe(false);
    expect(await readFile(key.file, 'utf8')).toContain('BEGIN PRIVATE KEY');
  });

  it('when a key is there it is kept', async () => {
    const env = envOf();
    const key = await generateKey(env);
    const before = await readFile(key.file);
    await expect(generateKey(env)).rejects.toMatchObject({ code: 'KEY_EXISTS', message: saying(key.file) });
    expect((await readFile(key.file)).equals(before)).toBe(true);
  });
});

describe('prepareUserKey', () => {
  it('when there is none it is in memory until it is saved', async () => {
    const env = envOf();
    const key = await prepareUserKey(env);
    expect(key.isNew).toBe(true);
    expect(await readdir(env.env['XDG_CONFIG_HOME'] ?? '')).toEqual([]);
    await key.save();
    const again = await prepareUserKey(env);
    expect(again).toMatchObject({ isNew: false, fingerprint: key.fingerprint, publicKeyPem: key.publicKeyPem });
    await again.save();
    await expect(key.save()).rejects.toMatchObject({ code: 'KEY_EXISTS' });
  });

  it('when the key is encrypted and its passphrase unknown the public key beside it tells', async () => {
    const env = envOf();
    const key = await generateKey(also(env, PASSPHRASE));
    expect((await prepareUserKey(env)).fingerprint).toBe(key.fingerprint);
    await rm(key.publicFile);
    await expect(prepareUserKey(env)).rejects.toMatchObject({ code: 'KEY_PASSPHRASE' });
    expect((await prepareUserKey(also(env, PASSPHRASE))).fingerprint).toBe(key.fingerprint);
  });

  it('when the key is broken it says so, whatever lies beside it', async () => {
    const env = envOf();
    const key = await generateKey(env);
    await writeFile(key.file, 'broken');
    await expect(prepareUserKey(env)).rejects.toMatchObject({ code: 'KEY_INVALID', message: saying(key.file) });
  });
});

describe('openSigner', () => {
  async function threeKeys(): Promise<{ env: Env; root: string; own: string; variable: string; option: string }> {
    const env = envOf();
    const own = (await generateKey(env)).fingerprint;
    const privateKey = generatePrivateKey('ed25519');
    const root = temporaryFolder();
    const option = (await generateKey({ ...env, cwd: root }, { file: 'ci.key.pem' })).fingerprint;
    return { env: also(env, { NX_PROOF_SIGNING_KEY: privateKeyPem(privateKey, undefined) }), root, own, variable: publicOf(privateKey), option };
  }

  it('when there are several the option counts before the variable, and that before the user\'s own', async () => {
    const { env, root, own, variable, option } = await threeKeys();
    const issuers = [
      await openSigner(env, root, { key: 'ci.key.pem' }),
      await openSigner(env, root, {}),
      await openSigner(also(env, { NX_PROOF_SIGNING_KEY: '' }), root, {}),
    ].map(({ issuer }) => issuer);
    expect(issuers).toEqual([option, variable, own].map((key) => `key:sha256:${key}`));
  });

  it('when there is none it names every place', async () => {
    const env = envOf();
    const error = { code: 'KEY_NOT_FOUND', message: saying(locateSigningKey(env.env)) };
    await expect(openSigner(env, temporaryFolder(), {})).rejects.toMatchObject(error);
    await expect(openSigner(env, temporaryFolder(), {})).rejects.toMatchObject({ message: saying('the option "key" is not set, NX_PROOF_SIGNING_KEY is not set') });
    await expect(openSigner(also(env, { NX_PROOF_SIGNING_KEY: '' }), temporaryFolder(), {})).rejects.toMatchObject({ message: saying('NX_PROOF_SIGNING_KEY is empty') });
  });

  it('when the option names no file no other key is taken', async () => {
    const { env, root } = await threeKeys();
    await expect(openSigner(env, root, { key: 'other.pem' })).rejects.toMatchObject({ code: 'KEY_NOT_FOUND', message: saying(path.join(root, 'other.pem')) });
  });

  it.skipIf(path.sep !== '/')('when others can read the file it refuses it, be it given or the user\'s own', async () => {
    const env = envOf();
    const { file } = await generateKey(env);
    await chmod(file, 0o640);
    await expect(openSigner(env, temporaryFolder(), {})).rejects.toMatchObject({ code: 'KEY_PERMISSIONS', message: saying('640') });
    await expect(openSigner(env, temporaryFolder(), { key: file })).rejects.toMatchObject({ code: 'KEY_PERMISSIONS' });
  });

  it('when the key is encrypted the passphrase comes from the environment; an empty one is none', async () => {
    const env = envOf();
    const key = await generateKey(also(env, PASSPHRASE));
    const root = temporaryFolder();
    expect((await openSigner(also(env, PASSPHRASE), root, {})).issuer).toBe(`key:sha256:${key.fingerprint}`);
    for (const variables of [{}, { NX_PROOF_KEY_PASSPHRASE: '' }, { NX_PROOF_KEY_PASSPHRASE: 'wrong' }]) {
      await expect(openSigner(also(env, variables), root, {})).rejects.toMatchObject({ code: 'KEY_PASSPHRASE', message: saying(key.file) });
    }
    const pem = await readFile(key.file, 'utf8');
    await expect(openSigner(also(env, { NX_PROOF_SIGNING_KEY: pem }), root, {})).rejects.toMatchObject({ code: 'KEY_PASSPHRASE', message: saying('NX_PROOF_SIGNING_KEY') });
  });

  it('when the key is of another kind it says which', async () => {
    const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await expect(openSigner(envOf({ NX_PROOF_SIGNING_KEY: pem }), temporaryFolder(), {})).rejects.toMatchObject({ code: 'KEY_INVALID', message: saying('rsa') });
  });
});

describe('trustKey', () => {
  it('when there is no policy it writes one that accepts the key, and the key', async () => {
    const root = temporaryFolder();
    const { name, key, pem } = await publicKeyIn(root);
    expect(await trustKey(root, name)).toMatchObject({ fingerprint: key, file: `proof.keys/${key}.pub.pem`, rule: 'rules[0]', isChanged: true });
    expect(await readFile(path.join(root, 'proof.keys', `${key}.pub.pem`), 'utf8')).toBe(pem);
    const loaded = await loadPolicy(envOf(), root, {});
    expect([...loaded.keys.keys()]).toEqual([key]);
  });

  it('when the key is trusted already nothing is written', async () => {
    const root = temporaryFolder();
    const { name, key } = await publicKeyIn(root);
    await trustKey(root, name);
    // as a clone on Windows has it: the same key in other bytes, over which the policy may be pinned
    const file = path.join(root, 'proof.keys', `${key}.pub.pem`);
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll('\n', '\r\n'));
    const { sha256 } = await loadPolicy(envOf(), root, {});
    expect(await trustKey(root, file)).toMatchObject({ isChanged: false, rule: 'rules[0]' });
    expect((await loadPolicy(envOf(), root, {})).sha256).toBe(sha256);
  });

  it('when projects and scope are given the rule has them', async () => {
    const root = temporaryFolder();
    const { name, key } = await publicKeyIn(root, 'ed.pem', 'ed25519');
    expect(await trustKey(root, path.join(root, name), { projects: ['app', 'tag:x'], scope: 'local' })).toMatchObject({ type: 'ed25519' });
    expect(JSON.parse(await readFile(path.join(root, 'proof.policy.json'), 'utf8'))).toEqual({ version: 1, rules: [{ projects: ['app', 'tag:x'], signers: [{ key }], scope: 'local' }] });
  });

  it('when the file is missing or no public key, or the policy broken, nothing is written', async () => {
    const root = temporaryFolder();
    await expect(trustKey(root, 'none.pem')).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    await writeFile(path.join(root, 'private.pem'), privateKeyPem(generatePrivateKey('ed25519'), undefined));
    await expect(trustKey(root, 'private.pem')).rejects.toMatchObject({ code: 'KEY_INVALID', message: saying('private.pem') });
    const { name } = await publicKeyIn(root);
    await writeFile(path.join(root, 'proof.policy.json'), '{"version":1');
    await expect(trustKey(root, name)).rejects.toMatchObject({ code: 'POLICY_INVALID' });
    expect((await readdir(root)).sort()).toEqual(['ci.pub.pem', 'private.pem', 'proof.policy.json']);
  });

  it('when the file of the key holds another one it is put right', async () => {
    const root = temporaryFolder();
    const { name, key, pem } = await publicKeyIn(root);
    const other = await publicKeyIn(root, 'other.pem');
    await mkdir(path.join(root, 'proof.keys'));
    await writeFile(path.join(root, 'proof.keys', `${key}.pub.pem`), other.pem);
    await trustKey(root, name);
    expect(await readFile(path.join(root, 'proof.keys', `${key}.pub.pem`), 'utf8')).toBe(pem);
  });
});

describe('listKeys', () => {
  it('when there is nothing it is empty', async () => {
    expect(await listKeys(envOf(), temporaryFolder())).toEqual([]);
  });

  it('when there are keys it tells the rules that name them, and which is the user\'s own', async () => {
    const env = envOf();
    const root = temporaryFolder();
    const own = await generateKey(env, { type: 'ed25519' });
    expect(await listKeys(env, root)).toEqual([{ fingerprint: own.fingerprint, type: 'ed25519', file: undefined, rules: [], isOwn: true }]);
    const ci = await publicKeyIn(root);
    await trustKey(root, ci.name);
    await trustKey(root, own.publicFile, { projects: ['app'] });
    await trustKey(root, own.publicFile);
    const unused = await publicKeyIn(root, 'unused.pem');
    await writeFile(path.join(root, 'proof.keys', `${unused.key}.pub.pem`), unused.pem);
    await writeFile(path.join(root, 'proof.keys', 'README.md'), 'not a key');
    const expected = [
      { fingerprint: own.fingerprint, type: 'ed25519', file: `proof.keys/${own.fingerprint}.pub.pem`, rules: ['rules[0]', 'rules[1]'], isOwn: true },
      { fingerprint: ci.key, type: 'ecdsa-p256', file: `proof.keys/${ci.key}.pub.pem`, rules: ['rules[1]'], isOwn: false },
      { fingerprint: unused.key, type: 'ecdsa-p256', file: `proof.keys/${unused.key}.pub.pem`, rules: [], isOwn: false },
    ];
    expect(await listKeys(env, root)).toEqual(expected.sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1)));
  });

  it('when a file holds another key than its name says, or none, it names the file', async () => {
    const root = temporaryFolder();
    const { name, key } = await publicKeyIn(root);
    await trustKey(root, name);
    const wrong = `proof.keys/${'0'.repeat(64)}.pub.pem`;
    await rename(path.join(root, 'proof.keys', `${key}.pub.pem`), path.join(root, wrong));
    await expect(listKeys(envOf(), root)).rejects.toMatchObject({ code: 'KEY_INVALID', message: saying(wrong) });
    await writeFile(path.join(root, wrong), 'none');
    await expect(listKeys(envOf(), root)).rejects.toMatchObject({ code: 'KEY_INVALID', message: saying(wrong) });
  });

  it.skipIf(path.sep !== '/')('when the folder cannot be read the failure passes', async () => {
    const root = temporaryFolder();
    await writeFile(path.join(root, 'proof.keys'), 'a file in its place');
    await expect(listKeys(envOf(), root)).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});
