import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Tree } from '@nx/devkit';
import { keyFile, POLICY_FILE } from '../commands/policy';
import { fingerprint, publicKeyPem } from '../model/keys';
import { BRAND } from '../model/report';
import type { Policy } from '../model/types';
import { generatePrivateKey, locateSigningKey, privateKeyPem, writeKeyFiles } from '../sign';
import { processEnv } from './env';
import { editTreeJson, readTreeJson } from './edit-json';
import { packageNameOf, registerPlugin } from './registration';
import { defaultPublicKey } from './user-key';

/** Options of the generator `init`. */
export interface InitOptions {
  /** Also list nx-proof:sync among the workspace's sync generators. */
  readonly sync?: boolean;
}

/** What is left to do once the files of the tree are written; not called for a dry run. */
export interface Initialised {
  readonly finish: () => Promise<string[]>;
}

/**
 * Sets a workspace up: the plugin in nx.json, a policy that trusts the user's key on this machine, and what git ignores. What is there is kept.
 * @throws ProofError WORKSPACE_INVALID, KEY_INVALID, KEY_PASSPHRASE
 */
export function initWorkspace(tree: Tree, options: InitOptions): Initialised {
  const packageName = packageNameOf(tree);
  registerPlugin(tree, packageName);
  if (options.sync === true) registerSync(tree, `${packageName}:sync`);
  ignore(tree, ['.proof', '.nx/proof']);
  const key = userKey();
  const isNew = !tree.exists(POLICY_FILE);
  if (isNew) writePolicy(tree, packageName, key.publicKey);
  return { finish: async () => [...(await key.save()), ...(isNew ? [] : stranger(tree, key.publicKey))] };
}

interface UserKey {
  readonly publicKey: KeyObject;
  /** Writes a key that was just made; lines that say so. */
  readonly save: () => Promise<string[]>;
}

/** The key that proof-sign will use; if there is none, one in memory. */
function userKey(): UserKey {
  const { env } = processEnv();
  const known = defaultPublicKey(env);
  if (known !== undefined) return { publicKey: known, save: () => Promise.resolve([]) };
  const privateKey = generatePrivateKey('ecdsa-p256');
  const publicKey = createPublicKey(privateKey);
  const save = async (): Promise<string[]> => {
    const file = locateSigningKey(env);
    await writeKeyFiles(file, privateKeyPem(privateKey, env['NX_PROOF_KEY_PASSPHRASE'] || undefined), publicKeyPem(publicKey));
    return [`${BRAND} made a signing key of your own, ${file} (fingerprint ${fingerprint(publicKey)})`];
  };
  return { publicKey, save };
}

/** One rule for all projects, which holds on the machines of people alone: `scope` is refused in CI. */
function writePolicy(tree: Tree, packageName: string, publicKey: KeyObject): void {
  const key = fingerprint(publicKey);
  const policy: Policy = {
    $schema: `./node_modules/${packageName}/schemas/proof-policy.schema.json`,
    version: 1,
    rules: [{ projects: ['*'], signers: [{ key }], scope: 'local' }],
  };
  tree.write(POLICY_FILE, `${JSON.stringify(policy, null, 2)}\n`);
  tree.write(keyFile(key), publicKeyPem(publicKey));
}

/** What to do when the policy was written by somebody else and does not name the user's key. */
function stranger(tree: Tree, publicKey: KeyObject): string[] {
  const key = fingerprint(publicKey);
  if ((tree.read(POLICY_FILE, 'utf-8') ?? '').includes(key)) return [];
  return [`${BRAND} ${POLICY_FILE} is there already and does not name your key ${key}; "nx-proof key trust FILE" adds a public key to it`];
}

function registerSync(tree: Tree, generator: string): void {
  const sync = readTreeJson(tree, 'nx.json')['sync'];
  const listed = typeof sync === 'object' && sync !== null && 'globalGenerators' in sync ? sync.globalGenerators : undefined;
  const generators: unknown[] = Array.isArray(listed) ? listed : [];
  if (!generators.includes(generator)) editTreeJson(tree, 'nx.json', [{ path: ['sync', 'globalGenerators'], value: [...generators, generator] }]);
}

/** Adds what is missing to .gitignore, in its own line ends. */
function ignore(tree: Tree, folders: readonly string[]): void {
  const before = tree.read('.gitignore', 'utf-8') ?? '';
  const lines = new Set(before.split(/\r?\n/).map((line) => line.trim().replace(/^\/|\/$/g, '')));
  const missing = folders.filter((folder) => !lines.has(folder) && !lines.has(folder.split('/')[0] ?? folder));
  if (missing.length === 0) return;
  const eol = before.includes('\r\n') ? '\r\n' : '\n';
  tree.write('.gitignore', `${before}${before === '' || before.endsWith('\n') ? '' : eol}${missing.map((folder) => `${folder}${eol}`).join('')}`);
}
