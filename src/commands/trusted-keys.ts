import type { KeyObject } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Env } from '../env';
import { ProofError, isSystemError } from '../errors';
import { lstatIfExists, readDocument, writeFileAtomic } from '../files';
import { describeKey, parsePublicKey, type KeyType, type PublicKeyInfo } from '../model/keys';
import { isKeySigner, readPolicy, ruleName } from '../model/policy';
import { trustKeyInPolicy } from '../model/policy-edit';
import type { Policy } from '../model/types';
import { KEY_FOLDER, POLICY_FILE, keyFile } from './policy';
import { MAX_KEY_BYTES, readUserKey } from './user-key';

export interface TrustedKey extends PublicKeyInfo {
  /** In proof.keys/, relative to the workspace. */
  readonly file: string;
  /** The rule of the policy that has the key: `rules[0]`. */
  readonly rule: string;
  /** False when the policy accepted it already. */
  readonly isChanged: boolean;
}

/**
 * Adds a public key to proof.keys/ and to a rule of proof.policy.json, which is begun if there is none.
 * @param file relative to the workspace or absolute
 * @param options projects: whose proofs the key may sign, all unless set; scope: local for a rule that is refused when CI is set
 * @throws ProofError KEY_NOT_FOUND, KEY_INVALID, POLICY_INVALID, OPTION_INVALID
 */
export async function trustKey(workspaceRoot: string, file: string, options: { readonly projects?: readonly string[]; readonly scope?: 'local' } = {}): Promise<TrustedKey> {
  const info = describeKey(await readPublicKey(path.resolve(workspaceRoot, file), file));
  const policy = await readPolicyFile(workspaceRoot);
  const scope = options.scope === undefined ? {} : { scope: options.scope };
  const edit = await trustKeyInPolicy(policy?.toString(), { key: info.fingerprint, projects: options.projects ?? ['*'], ...scope });
  // The key comes first: a policy never names a key that is not there.
  await keepPublicKey(workspaceRoot, info);
  if (edit.isChanged) await writeFileAtomic(path.join(workspaceRoot, POLICY_FILE), edit.text);
  return { ...info, file: keyFile(info.fingerprint), rule: edit.rule, isChanged: edit.isChanged };
}

/** Writes the key's file unless it holds the key already: the digest of the policy covers its bytes. */
async function keepPublicKey(workspaceRoot: string, info: PublicKeyInfo): Promise<void> {
  const name = keyFile(info.fingerprint);
  const file = path.join(workspaceRoot, name);
  const isThere = (await lstatIfExists(file)) !== undefined;
  if (isThere && describeKey(await readPublicKey(file, name)).fingerprint === info.fingerprint) return;
  await writeFileAtomic(file, info.publicKeyPem);
}

async function readPublicKey(file: string, name: string): Promise<KeyObject> {
  return parsePublicKey(await readDocument(file, { missing: 'KEY_NOT_FOUND', what: 'public key', maxBytes: MAX_KEY_BYTES }), name);
}

async function readPolicyFile(workspaceRoot: string): Promise<Buffer | undefined> {
  const file = path.join(workspaceRoot, POLICY_FILE);
  return (await lstatIfExists(file)) === undefined ? undefined : readDocument(file, { missing: 'POLICY_NOT_FOUND', what: 'policy' });
}

export interface ListedKey {
  readonly fingerprint: string;
  readonly type: KeyType;
  /** In proof.keys/, relative to the workspace; undefined for the user's own key when it is not there. */
  readonly file: string | undefined;
  /** The rules of the policy that name it: `rules[0]`. */
  readonly rules: readonly string[];
  /** Whether it is the user's own. */
  readonly isOwn: boolean;
}

/**
 * The keys of proof.keys/ by fingerprint, then the user's own if it is not among them.
 * @throws ProofError KEY_INVALID naming the file, KEY_PERMISSIONS, KEY_PASSPHRASE, POLICY_INVALID
 */
export async function listKeys(env: Env, workspaceRoot: string): Promise<ListedKey[]> {
  const ownKey = await readUserKey(env);
  const own = ownKey === undefined ? undefined : describeKey(ownKey);
  const bytes = await readPolicyFile(workspaceRoot);
  const policy = bytes === undefined ? undefined : readPolicy(bytes);
  const listed = await Promise.all((await keyFiles(workspaceRoot)).map((file) => listFile(workspaceRoot, file, policy, own)));
  if (own === undefined || listed.some(({ isOwn }) => isOwn)) return listed;
  return [...listed, { fingerprint: own.fingerprint, type: own.type, file: undefined, rules: rulesWith(policy, own.fingerprint), isOwn: true }];
}

async function keyFiles(workspaceRoot: string): Promise<string[]> {
  try {
    const names = await readdir(path.join(workspaceRoot, KEY_FOLDER));
    return names.filter((name) => name.endsWith('.pub.pem')).sort().map((name) => `${KEY_FOLDER}/${name}`);
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return [];
    throw error;
  }
}

async function listFile(workspaceRoot: string, file: string, policy: Policy | undefined, own: PublicKeyInfo | undefined): Promise<ListedKey> {
  const { fingerprint, type } = describeKey(await readPublicKey(path.join(workspaceRoot, file), file));
  if (file !== keyFile(fingerprint)) {
    throw new ProofError('KEY_INVALID', `${file} holds the key ${fingerprint}, not the one that its name says`, { details: { file, actual: fingerprint } });
  }
  return { fingerprint, type, file, rules: rulesWith(policy, fingerprint), isOwn: fingerprint === own?.fingerprint };
}

function rulesWith(policy: Policy | undefined, key: string): string[] {
  if (policy === undefined) return [];
  return policy.rules.filter((rule) => rule.signers.some((signer) => isKeySigner(signer) && signer.key === key)).map((rule) => ruleName(policy, rule));
}
