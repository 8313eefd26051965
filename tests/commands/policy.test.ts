import { mkdir, mkdtemp, readFile, realpath, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyPolicy, loadPolicy, policyDigest, readOtherKeys, type LoadedPolicy, type PolicyOptions } from '../../src/commands/policy';
import { verifyProof } from '../../src/commands/verify';
import { sha256Hex } from '../../src/model/digest';
import { prove, publish, testKey, writePolicy } from '../support/proofs';
import { testEnv, TestWorkspace } from '../support/workspace';

const key = testKey();
const other = testKey('ed25519');
const CI = { CI: 'true' };
const keyName = `proof.keys/${key.fingerprint}.pub.pem`;

let ws: TestWorkspace;
let outside: string;
beforeEach(async () => {
  ws = await TestWorkspace.create();
  outside = await realpath(await mkdtemp(path.join(os.tmpdir(), 'nx-proof-base-')));
  await writePolicy(ws, key);
});
afterEach(async () => {
  await ws.remove();
  await rm(outside, { recursive: true, force: true });
});

const load = (options: PolicyOptions = {}, env: Readonly<Record<string, string>> = {}): Promise<LoadedPolicy> => loadPolicy(testEnv(ws.root, env), ws.root, options);
const toBase = async (): Promise<string> => {
  const file = path.join(outside, 'base.json');
  await writeFile(file, await ws.read('proof.policy.json'));
  return file;
};

describe('loadPolicy', () => {
  it('loads the workspace\'s policy with its keys', async () => {
    await ws.write('proof.policy.json', JSON.stringify({ version: 1, rules: [key, other, key].map(({ fingerprint }) => ({ projects: ['*'], signers: [{ key: fingerprint }, { issuer: 'i', identity: 'x' }] })) }));
    await publish(ws, other);
    const loaded = await load();
    expect([...loaded.keys.keys()]).toEqual([key.fingerprint, other.fingerprint]);
    expect(loaded.keys.get(other.fingerprint)?.equals(other.publicKey)).toBe(true);
    expect(loaded).toMatchObject({ uri: 'workspace:/proof.policy.json', warnings: [], policy: { version: 1 } });
  });

  it('takes the file of the option, relative to the workspace or absolute', async () => {
    await mkdir(ws.file('config'));
    await rename(ws.file('proof.policy.json'), ws.file('config/policy.json'));
    expect((await load({ policy: 'config/policy.json' })).uri).toBe('workspace:/config/policy.json');
    expect((await load({ policy: ws.file('config/policy.json') })).uri).toBe('workspace:/config/policy.json');
  });

  it.each([
    ['there is no policy', 'POLICY_NOT_FOUND', () => unlink(ws.file('proof.policy.json'))],
    ['it is broken', 'POLICY_INVALID', () => ws.write('proof.policy.json', '{')],
    ['it is too large', 'FILE_TOO_LARGE', () => ws.write('proof.policy.json', ' '.repeat(17 * 1024 * 1024))],
    ['a key is no key', 'KEY_INVALID', () => ws.write(keyName, 'key')],
    ['a key file is too large', 'FILE_TOO_LARGE', () => ws.write(keyName, key.pem + ' '.repeat(70_000))],
    ['it names a trust root that is not there', 'POLICY_INVALID', () => writePolicy(ws, key, [{}], { trust: { root: { file: 'roots/trusted_root.json' } } })],
  ] as [string, string, () => Promise<unknown>][])('refuses when %s: %s', async (_name, code, break_) => {
    await break_();
    await expect(load()).rejects.toMatchObject({ code, exitCode: 2 });
  });

  it('refuses a missing key and names its file and rule: POLICY_INVALID', async () => {
    await writePolicy(ws, key, [{}, { signers: [{ key: other.fingerprint }] }]);
    await expect(load()).rejects.toMatchObject({ code: 'POLICY_INVALID', message: expect.stringMatching(`rules\\[1\\].*${other.fingerprint}\\.pub\\.pem`) as unknown });
  });

  it('refuses a file that holds another key than it is named for: KEY_INVALID naming both', async () => {
    await ws.write(keyName, other.pem);
    await expect(load()).rejects.toMatchObject({ code: 'KEY_INVALID', details: { expected: key.fingerprint, actual: other.fingerprint } });
  });

  it('lets errors of the file system through', async () => {
    await rm(ws.file(keyName));
    await symlink(path.basename(keyName), ws.file(keyName));
    await expect(load()).rejects.toMatchObject({ code: 'ELOOP' });
  });
});

describe('the digest of a policy', () => {
  it('is the sha256 of the documented JSON', async () => {
    const expected = sha256Hex(`{"files":{"${keyName}":"${sha256Hex(key.pem)}"},"policy":"${sha256Hex(await readFile(ws.file('proof.policy.json')))}"}`);
    expect((await load()).sha256).toBe(expected);
    expect(policyDigest(Buffer.from('x'), new Map([['b', '2'], ['a', '1']]))).toBe(sha256Hex(`{"files":{"a":"1","b":"2"},"policy":"${sha256Hex('x')}"}`));
  });

  it('changes with every byte of the policy and of each file that it names', async () => {
    const trust = { root: { file: 'roots/trusted_root.json' } };
    const steps = [
      () => writePolicy(ws, key),
      async () => ws.write('proof.policy.json', `${await ws.read('proof.policy.json')}\n`),
      () => ws.write(keyName, `${key.pem}\n`),
      async () => {
        await ws.write('roots/trusted_root.json', '{}');
        await writePolicy(ws, key, [{}], { trust });
      },
      () => ws.write('roots/trusted_root.json', '{} '),
      async () => {
        await ws.write('roots/root.json', '{}');
        await writePolicy(ws, key, [{}], { trust: { root: { tuf: { mirror: 'https://tuf.example', rootFile: 'roots/root.json' } } } });
      },
      () => ws.write('roots/root.json', '{} '),
    ];
    const seen = new Set<string>();
    for (const step of steps) {
      await step();
      seen.add((await load()).sha256);
    }
    expect(seen.size).toBe(steps.length);
  });

  it('does not change with a key that no rule names, nor with a built-in trust root', async () => {
    await writePolicy(ws, key, [{}], { trust: { root: 'public-good' } });
    const before = (await load()).sha256;
    await publish(ws, other);
    expect((await load()).sha256).toBe(before);
  });

  it('does not depend on where the files lie', async () => {
    expect((await load({ policy: await toBase() })).sha256).toBe((await load()).sha256);
  });
});

describe('a pinned policy', () => {
  it('is accepted by its digest, from the option or the environment', async () => {
    const { sha256 } = await load();
    await expect(load({ policyDigest: sha256, strict: true }, CI)).resolves.toMatchObject({ warnings: [] });
    await expect(load({ strict: true }, { ...CI, NX_PROOF_POLICY_SHA256: sha256 })).resolves.toMatchObject({ warnings: [] });
  });

  it.each([
    ['the policy', async () => ws.write('proof.policy.json', `${await ws.read('proof.policy.json')}\n`)],
    ['a key file', () => ws.write(keyName, `\n${key.pem}`)],
  ])('is refused when %s changed: POLICY_DIGEST_MISMATCH', async (_name, change) => {
    const { sha256 } = await load();
    await change();
    await expect(load({ policyDigest: sha256 })).rejects.toMatchObject({ code: 'POLICY_DIGEST_MISMATCH', exitCode: 1 });
    await expect(load({}, { NX_PROOF_POLICY_SHA256: sha256 })).rejects.toMatchObject({ code: 'POLICY_DIGEST_MISMATCH' });
  });

  it('must satisfy both pins when there are two', async () => {
    const { sha256 } = await load();
    const wrong = 'f'.repeat(64);
    await expect(load({ policyDigest: sha256 }, { NX_PROOF_POLICY_SHA256: wrong })).rejects.toMatchObject({ code: 'POLICY_DIGEST_MISMATCH' });
    await expect(load({ policyDigest: wrong }, { NX_PROOF_POLICY_SHA256: sha256 })).rejects.toMatchObject({ code: 'POLICY_DIGEST_MISMATCH' });
  });

  it.each(['', 'abc', 'F'.repeat(64)])('is no pin at all when it is %j: OPTION_INVALID', async (pin) => {
    await expect(load({ policyDigest: pin })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await expect(load({}, { NX_PROOF_POLICY_SHA256: pin })).rejects.toMatchObject({ code: 'OPTION_INVALID', message: expect.stringContaining('NX_PROOF_POLICY_SHA256') as unknown });
  });
});

describe('a policy that is not pinned', () => {
  it('warns in CI, with the digest to pin, and only there', async () => {
    const { warnings, sha256 } = await load({}, CI);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('not pinned');
    expect(warnings[0]).toContain(sha256);
    expect((await load({ strict: true })).warnings).toEqual([]);
  });

  it('is refused in CI with strict: POLICY_UNPINNED', async () => {
    await expect(load({ strict: true }, CI)).rejects.toMatchObject({ code: 'POLICY_UNPINNED', exitCode: 1 });
  });

  it('is as good as pinned when it comes from outside of the workspace', async () => {
    const loaded = await load({ policy: await toBase(), strict: true }, CI);
    expect(loaded).toMatchObject({ warnings: [], uri: 'base.json' });
  });

  it('is not when the option names a file in the workspace, by whatever way', async () => {
    await expect(load({ policy: 'proof.policy.json', strict: true }, CI)).rejects.toMatchObject({ code: 'POLICY_UNPINNED' });
    await symlink(ws.root, path.join(outside, 'link'));
    await expect(load({ policy: path.join(outside, 'link', 'proof.policy.json'), strict: true }, CI)).rejects.toMatchObject({ code: 'POLICY_UNPINNED' });
    const base = await toBase();
    await symlink(base, ws.file('linked.json'));
    await expect(load({ policy: 'linked.json', strict: true }, CI)).rejects.toMatchObject({ code: 'POLICY_UNPINNED' });
  });
});

describe('the folder of keys', () => {
  it('is the one beside the policy, when there is one', async () => {
    const file = await toBase();
    await rm(ws.file('proof.keys'), { recursive: true });
    await mkdir(path.join(outside, 'proof.keys'));
    await expect(load({ policy: file })).rejects.toMatchObject({ code: 'POLICY_INVALID' });
    await writeFile(path.join(outside, keyName), key.pem);
    expect((await load({ policy: file })).keyFolder).toBe(path.join(outside, 'proof.keys'));
  });

  it('is the workspace\'s otherwise; also when a file has that name', async () => {
    const file = await toBase();
    expect((await load({ policy: file })).keyFolder).toBe(ws.file('proof.keys'));
    await writeFile(path.join(outside, 'proof.keys'), '');
    expect((await load({ policy: file })).keyFolder).toBe(ws.file('proof.keys'));
  });

  it('gives the keys that no rule names, passing over what is none', async () => {
    await publish(ws, other);
    await ws.write('proof.keys/broken.pub.pem', 'x');
    await ws.write('proof.keys/README.md', 'x');
    await mkdir(ws.file('proof.keys/folder.pub.pem'));
    expect([...(await readOtherKeys(await load())).keys()]).toEqual([other.fingerprint]);
    const { keyFolder, ...rest } = await load();
    expect(keyFolder).toBeDefined();
    expect((await readOtherKeys(rest)).size).toBe(0);
    expect((await readOtherKeys({ ...rest, keyFolder: ws.file('nowhere') })).size).toBe(0);
  });
});

describe('keyPolicy', () => {
  it('accepts that key for every project, and no other', async () => {
    const policy = await keyPolicy(ws.root, { key: keyName });
    expect(policy).toMatchObject({ uri: `nx-proof:key:${key.fingerprint}`, warnings: [], policy: { rules: [{ projects: ['*'], signers: [{ key: key.fingerprint }] }] } });
    await prove(ws, key);
    const verdict = async () => (await ws.run((session) => verifyProof(session, { project: ws.project(), policy }), CI)).result;
    expect(await verdict()).toBe('PASSED');
    await prove(ws, other);
    expect(await verdict()).toBe('FAILED');
  });

  it.each([
    ['is missing', 'KEY_NOT_FOUND', 'nowhere.pem'],
    ['is no key', 'KEY_INVALID', 'nx.json'],
  ])('refuses a file that %s: %s', async (_name, code, file) => {
    await expect(keyPolicy(ws.root, { key: file })).rejects.toMatchObject({ code, exitCode: 2 });
  });
});
