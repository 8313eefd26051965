import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { initGenerator } from '../../generators/init/generator';
import { validatePolicy } from '../../src/model/generated/validators.cjs';
import { fingerprint, parsePublicKey, publicKeyPem } from '../../src/model/keys';
import type { Policy } from '../../src/model/types';
import { locateSigningKey } from '../../src/sign';
import { temporaryFolder } from '../support/folder';

let tree: Tree;
let keyFile: string;
let printed: string[];

beforeEach(() => {
  const config = temporaryFolder();
  for (const name of ['XDG_CONFIG_HOME', 'APPDATA']) vi.stubEnv(name, config);
  for (const name of ['NX_PROOF_SIGNING_KEY', 'NX_PROOF_KEY_PASSPHRASE']) vi.stubEnv(name, undefined);
  keyFile = locateSigningKey(process.env);
  tree = createTreeWithEmptyWorkspace();
  printed = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const policyOf = (): Policy => JSON.parse(tree.read('proof.policy.json', 'utf-8') ?? '') as Policy;
const keyOf = (policy: Policy): string => (policy.rules[0]?.signers[0] as { key: string }).key;
const publicKeyOf = (key: string): string => tree.read(`proof.keys/${key}.pub.pem`, 'utf-8') ?? '';

/** Everything in the tree that init may touch. */
const contents = (): Record<string, string> => Object.fromEntries(tree.listChanges().map(({ path: file, content }) => [file, content?.toString() ?? '']));

async function init(options: { sync?: boolean } = {}): Promise<void> {
  await (await initGenerator(tree, options))();
}

describe('init', () => {
  it('when a workspace is new it registers the plugin, writes a policy for this machine, and makes a key', async () => {
    await init();
    expect(JSON.parse(tree.read('nx.json', 'utf-8') ?? '')).toMatchObject({ plugins: ['nx-proof/plugin'] });
    const policy = policyOf();
    expect(validatePolicy(policy)).toBe(true);
    expect(policy).toMatchObject({ version: 1, rules: [{ projects: ['*'], signers: [{ key: expect.stringMatching(/^[0-9a-f]{64}$/) as string }], scope: 'local' }] });
    expect(fingerprint(parsePublicKey(publicKeyOf(keyOf(policy))))).toBe(keyOf(policy));
    expect(fingerprint(createPublicKey(readFileSync(keyFile)))).toBe(keyOf(policy));
    if (path.sep === '/') expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect(printed).toEqual([`[brAInwav] made a signing key of your own, ${keyFile} (fingerprint ${keyOf(policy)})`]);
    expect(Object.keys(contents())).not.toContain(keyFile);
  });

  it('when it is a dry run no key is written', async () => {
    const callback = await initGenerator(tree, {});
    expect(tree.exists('proof.policy.json')).toBe(true);
    expect(callback).toBeTypeOf('function');
    expect(existsSync(path.dirname(keyFile))).toBe(false);
    expect(printed).toEqual([]);
  });

  it('when it runs again nothing changes', async () => {
    await init({ sync: true });
    const before = contents();
    const key = readFileSync(keyFile, 'utf8');
    await init({ sync: true });
    expect(contents()).toEqual(before);
    expect(readFileSync(keyFile, 'utf8')).toBe(key);
    expect(printed).toHaveLength(1);
  });

  it('when the user has a key already it is used and kept', async () => {
    await init();
    const first = keyOf(policyOf());
    tree = createTreeWithEmptyWorkspace();
    await init();
    expect(keyOf(policyOf())).toBe(first);
    expect(printed).toHaveLength(1);
  });

  it('when NX_PROOF_SIGNING_KEY is set that is the key, and none is made', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    vi.stubEnv('NX_PROOF_SIGNING_KEY', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    await init();
    expect(publicKeyOf(fingerprint(publicKey))).toBe(publicKeyPem(publicKey));
    expect(existsSync(keyFile)).toBe(false);
  });

  it('when a passphrase is set the key is encrypted by it', async () => {
    vi.stubEnv('NX_PROOF_KEY_PASSPHRASE', 'open sesame');
    await init();
    expect(readFileSync(keyFile, 'utf8')).toContain('BEGIN ENCRYPTED PRIVATE KEY');
  });

  it('when there is a policy it is kept, and a key that it does not name is told of', async () => {
    tree.write('proof.policy.json', '{ "version": 1, "rules": [] }');
    await init();
    expect(tree.read('proof.policy.json', 'utf-8')).toBe('{ "version": 1, "rules": [] }');
    expect(tree.exists('proof.keys')).toBe(false);
    expect(printed[1]).toMatch(/^\[brAInwav\] proof\.policy\.json is there already and does not name your key [0-9a-f]{64}; "nx-proof key trust FILE" adds/);
  });

  it('when another process has made the key meanwhile it is not written over', async () => {
    const callback = await initGenerator(tree, {});
    await (await initGenerator(createTreeWithEmptyWorkspace(), {}))();
    await expect(callback()).rejects.toThrow(/\[brAInwav\] .*signing\.key\.pem exists, and keys are never written over \(KEY_EXISTS, exit 2\)\n/);
  });

  it('when nx.json has comments, other plugins and other keys they stay', async () => {
    tree.write('nx.json', '{\n\t// ours\n\t"plugins": ["@nx/js", { "plugin": "x" }],\n\t"own": 1\n}\n');
    await init({ sync: true });
    expect(tree.read('nx.json', 'utf-8')).toMatchInlineSnapshot(`
      "{
      	// ours
      	"plugins": [
      		"@nx/js",
      		{
      			"plugin": "x"
      		},
      		"nx-proof/plugin"
      	],
      	"own": 1,
      	"sync": {
      		"globalGenerators": [
      			"nx-proof:sync"
      		]
      	}
      }
      "
    `);
  });

  it('when the plugin is listed with options it is not listed again', async () => {
    const text = '{ "plugins": [{ "plugin": "nx-proof/plugin", "options": { "buildTarget": "bundle" } }] }';
    tree.write('nx.json', text);
    await init();
    expect(tree.read('nx.json', 'utf-8')).toBe(text);
  });

  it('when sync generators are listed its own comes after them', async () => {
    tree.write('nx.json', '{ "sync": { "globalGenerators": ["a:b"], "applyChanges": true } }');
    await init({ sync: true });
    expect(JSON.parse(tree.read('nx.json', 'utf-8') ?? '')).toMatchObject({ sync: { globalGenerators: ['a:b', 'nx-proof:sync'], applyChanges: true } });
  });

  const IGNORES: [string | undefined, string][] = [
    [undefined, '.proof\n.nx/proof\n'],
    ['dist', 'dist\n.proof\n.nx/proof\n'],
    ['dist\r\n', 'dist\r\n.proof\r\n.nx/proof\r\n'],
    ['.nx/cache\n.proof/\n', '.nx/cache\n.proof/\n.nx/proof\n'],
    ['/.nx/\n**/.proof\n.proof\n', '/.nx/\n**/.proof\n.proof\n'],
  ];
  it.each(IGNORES)('when .gitignore is %j it becomes %j', async (before, after) => {
    tree.delete('.gitignore');
    if (before !== undefined) tree.write('.gitignore', before);
    await init();
    expect(tree.read('.gitignore', 'utf-8')).toBe(after);
  });

  it('when nx.json cannot be read it says so, in one message', async () => {
    tree.write('nx.json', '{');
    await expect(initGenerator(tree, {})).rejects.toThrow('[brAInwav] nx.json must be a JSON object (WORKSPACE_INVALID, exit 2)\n  Correct the file');
  });

  it('when the workspace has no package.json it still works', async () => {
    tree.delete('package.json');
    await init();
    expect(tree.exists('proof.policy.json')).toBe(true);
  });
});
