import type { Tree } from '@nx/devkit';
import { prepareUserKey, type UserKey } from '../commands/keys';
import { keyFile, POLICY_FILE } from '../commands/policy';
import type { Env } from '../env';
import { fingerprint, publicKeyPem } from '../model/keys';
import { BRAND } from '../model/report';
import type { Policy } from '../model/types';
import { locateSigningKey } from '../sign';
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
 * @throws ProofError WORKSPACE_INVALID, KEY_INVALID, KEY_PASSPHRASE, KEY_PERMISSIONS
 */
export async function initWorkspace(tree: Tree, options: InitOptions, env: Env): Promise<Initialised> {
  const packageName = packageNameOf(tree);
  registerPlugin(tree, packageName);
  if (options.sync === true) registerSync(tree, `${packageName}:sync`);
  ignore(tree, ['.proof', '.nx/proof']);
  const key = await signingKey(env);
  const hadPolicy = tree.exists(POLICY_FILE);
  if (!hadPolicy) writePolicy(tree, packageName, key);
  const finish = async (): Promise<string[]> => {
    await key.save();
    const made = key.isNew ? [`${BRAND} made a signing key of your own, ${locateSigningKey(env.env)} (fingerprint ${key.fingerprint})`] : [];
    return hadPolicy ? [...made, ...stranger(tree, key)] : made;
  };
  return { finish };
}

type Key = Omit<UserKey, 'type'>;

/** The key that proof-sign will use; if there is none, one in memory. */
async function signingKey(env: Env): Promise<Key> {
  const pem = env.env['NX_PROOF_SIGNING_KEY'] ?? '';
  const publicKey = pem === '' ? undefined : defaultPublicKey(env.env);
  if (publicKey === undefined) return prepareUserKey(env);
  return { fingerprint: fingerprint(publicKey), publicKeyPem: publicKeyPem(publicKey), isNew: false, save: () => Promise.resolve() };
}

/** One rule for all projects, which holds on the machines of people alone: `scope` is refused in CI. */
function writePolicy(tree: Tree, packageName: string, key: Key): void {
  const policy: Policy = {
    $schema: `./node_modules/${packageName}/schemas/proof-policy.schema.json`,
    version: 1,
    rules: [{ projects: ['*'], signers: [{ key: key.fingerprint }], scope: 'local' }],
  };
  tree.write(POLICY_FILE, `${JSON.stringify(policy, null, 2)}\n`);
  tree.write(keyFile(key.fingerprint), key.publicKeyPem);
}

/** What to do when the policy was written by somebody else and does not name the user's key. */
function stranger(tree: Tree, key: Key): string[] {
  if ((tree.read(POLICY_FILE, 'utf-8') ?? '').includes(key.fingerprint)) return [];
  return [`${BRAND} ${POLICY_FILE} is there already and does not name your key ${key.fingerprint}; "nx-proof key trust FILE" adds a public key to it`];
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
