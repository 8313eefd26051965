import type { KeyObject } from 'node:crypto';
import { readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { isCI, type Env } from '../env';
import { ProofError, isProofError } from '../errors';
import { lstatIfExists, readDocument, toWorkspacePath } from '../files';
import { sha256Hex } from '../model/digest';
import { canonicalJson, jsonDocument } from '../model/json';
import { fingerprint, parsePublicKey } from '../model/keys';
import { isKeySigner, readPolicy } from '../model/policy';
import type { IdentitySigner, Policy, Signer } from '../model/types';
import { workspaceUri } from '../model/uri';

export const POLICY_FILE = 'proof.policy.json';
export const KEY_FOLDER = 'proof.keys';
/** The file of a key, relative to the folder of the policy: `proof.keys/<fingerprint>.pub.pem`. */
export const keyFile = (keyFingerprint: string): string => `${KEY_FOLDER}/${keyFingerprint}.pub.pem`;

const MAX_KEY_BYTES = 64 * 1024;
/** A refusal is explained with the help of at most this many further keys. */
const MAX_OTHER_KEYS = 1000;
const DIGEST_VARIABLE = 'NX_PROOF_POLICY_SHA256';

/** A policy with all that it names, and what it is known by. */
export interface LoadedPolicy {
  readonly policy: Policy;
  /** `workspace:/…`, or the bare file name of one outside of the workspace: never an absolute path. */
  readonly uri: string;
  /** See policyDigest. */
  readonly sha256: string;
  /** The keys of all rules by fingerprint. */
  readonly keys: ReadonlyMap<string, KeyObject>;
  readonly warnings: readonly string[];
  /** Absolute native path of the folder with the keys, also those that no rule names; undefined without a policy file. */
  readonly keyFolder?: string;
  /** Absolute native path of the policy; undefined without a policy file. */
  readonly file?: string;
  /** The content of the file that `trust.root` names, as the digest covers it. */
  readonly trustFile?: Buffer;
  /** No connection may be opened for the trust root. */
  readonly offline?: boolean;
}

export interface PolicyOptions {
  /** The policy file, relative to the workspace or absolute; proof.policy.json unless set. */
  readonly policy?: string;
  /** The digest that the policy must have. */
  readonly policyDigest?: string;
  /** Make a policy that is not pinned a failure in CI. */
  readonly strict?: boolean;
}

/**
 * Loads a policy with the files that it names, and holds it to its pin.
 * Keys come from the folder proof.keys beside the policy, or from the workspace's when there is none: a fingerprint names the content of its
 * file, so that it does not matter who wrote the file.
 * @throws ProofError POLICY_NOT_FOUND, POLICY_INVALID, KEY_INVALID, POLICY_DIGEST_MISMATCH, POLICY_UNPINNED, OPTION_INVALID, FILE_TOO_LARGE
 */
export async function loadPolicy(env: Env, workspaceRoot: string, options: PolicyOptions): Promise<LoadedPolicy> {
  const file = path.resolve(workspaceRoot, options.policy ?? POLICY_FILE);
  const bytes = await readDocument(file, { missing: 'POLICY_NOT_FOUND', what: 'policy' });
  const inWorkspace = await locateInWorkspace(workspaceRoot, file);
  const policy = readPolicyFile(file, bytes);
  const keyFolder = await locateKeys(path.dirname(file), workspaceRoot);
  const named = await readNamedFiles(policy, path.dirname(file), keyFolder);
  const sha256 = policyDigest(bytes, named.digests);
  const isPinned = checkPins(env, options, sha256);
  const warnings = isPinned || !isCI(env) || inWorkspace === undefined ? [] : [unpinned(options, inWorkspace, sha256)];
  const uri = inWorkspace === undefined ? encodeURIComponent(path.basename(file)) : workspaceUri(inWorkspace);
  return { policy, uri, sha256, keys: named.keys, warnings, keyFolder, file, ...(named.trustFile !== undefined && { trustFile: named.trustFile }) };
}

function readPolicyFile(file: string, bytes: Buffer): Policy {
  try {
    return readPolicy(bytes);
  } catch (error) {
    if (!isProofError(error)) throw error;
    throw new ProofError(error.code, `${file}: ${error.message}`, { cause: error, details: { ...error.details, file } });
  }
}

/**
 * A policy that accepts one key for every project, for verification without a policy file.
 * @param options key: a PEM file with a public key, relative to the workspace or absolute
 * @throws ProofError KEY_NOT_FOUND, KEY_INVALID
 */
export async function keyPolicy(workspaceRoot: string, options: { readonly key: string }): Promise<LoadedPolicy> {
  const bytes = await readDocument(path.resolve(workspaceRoot, options.key), { missing: 'KEY_NOT_FOUND', what: 'public key', maxBytes: MAX_KEY_BYTES });
  const key = parsePublicKey(bytes, options.key);
  const id = fingerprint(key);
  const named = { digests: new Map([[keyFile(id), sha256Hex(bytes)]]), keys: new Map([[id, key]]) };
  return signerPolicy({ key: id }, `nx-proof:key:${id}`, named);
}

/** A policy that accepts one identity of one issuer, compared exactly, for every project: for verification without a policy file. */
export function identityPolicy(signer: IdentitySigner): LoadedPolicy {
  return signerPolicy(signer, `nx-proof:identity:${encodeURIComponent(signer.identity)}`, { digests: new Map(), keys: new Map() });
}

function signerPolicy(signer: Signer, uri: string, { digests, keys }: NamedFiles): LoadedPolicy {
  const policy: Policy = { version: 1, rules: [{ projects: ['*'], signers: [signer] }] };
  return { policy, uri, sha256: policyDigest(Buffer.from(jsonDocument(policy)), digests), keys, warnings: [] };
}

/**
 * What a pin names: the sha256 of the RFC 8785 JSON `{"files": {name: sha256, …}, "policy": sha256}` (no newline). `policy` is over the raw bytes
 * of the policy file; `files` has every file that it names, over its raw bytes: `proof.keys/<fingerprint>.pub.pem` for each key of a rule, and
 * the trust root's file under the name that the policy gives it. Where the files lie does not matter.
 */
export function policyDigest(policy: Uint8Array, files: ReadonlyMap<string, string>): string {
  return sha256Hex(canonicalJson({ policy: sha256Hex(policy), files: Object.fromEntries(files) }));
}

/** The workspace path of a file that lies in the workspace, by its name or, behind links, in truth. */
async function locateInWorkspace(workspaceRoot: string, file: string): Promise<string | undefined> {
  return toWorkspacePath(workspaceRoot, file) ?? toWorkspacePath(await realpath(workspaceRoot), await realpath(file));
}

/**
 * The keys of the policy's folder that none of its rules names: to tell people whose signature they look at, never to accept one. Files that hold no
 * such key are passed over.
 */
export async function readOtherKeys({ keys, keyFolder }: LoadedPolicy): Promise<ReadonlyMap<string, KeyObject>> {
  const others = new Map<string, KeyObject>();
  if (keyFolder === undefined) return others;
  const names = await readdir(keyFolder).catch(() => []);
  for (const name of names.filter((file) => file.endsWith('.pub.pem')).slice(0, MAX_OTHER_KEYS)) {
    const key = await readDocument(path.join(keyFolder, name), { missing: 'KEY_NOT_FOUND', what: name, maxBytes: MAX_KEY_BYTES }).then(parsePublicKey).catch(() => undefined);
    if (key !== undefined && !keys.has(fingerprint(key))) others.set(fingerprint(key), key);
  }
  return others;
}

async function locateKeys(beside: string, workspaceRoot: string): Promise<string> {
  const folder = path.join(beside, KEY_FOLDER);
  return (await lstatIfExists(folder))?.isDirectory() === true ? folder : path.join(workspaceRoot, KEY_FOLDER);
}

interface NamedFiles {
  readonly keys: Map<string, KeyObject>;
  /** sha256 by the name that the digest of the policy uses. */
  readonly digests: Map<string, string>;
  trustFile?: Buffer;
}

async function readNamedFiles(policy: Policy, folder: string, keyFolder: string): Promise<NamedFiles> {
  const found: NamedFiles = { keys: new Map(), digests: new Map() };
  for (const [index, rule] of policy.rules.entries()) {
    for (const { key } of rule.signers.filter(isKeySigner)) {
      if (!found.keys.has(key)) await readNamedKey(key, `rules[${index}]`, keyFolder, found);
    }
  }
  const root = policy.trust?.root;
  if (typeof root === 'object') {
    const [name, field] = 'file' in root ? [root.file, 'trust.root.file'] : [root.tuf.rootFile, 'trust.root.tuf.rootFile'];
    found.trustFile = await readNamed(path.resolve(folder, name), name, field);
    found.digests.set(name, sha256Hex(found.trustFile));
  }
  return found;
}

async function readNamedKey(key: string, rule: string, keyFolder: string, found: NamedFiles): Promise<void> {
  const name = keyFile(key);
  const bytes = await readNamed(path.join(keyFolder, `${key}.pub.pem`), name, rule, MAX_KEY_BYTES);
  const publicKey = parsePublicKey(bytes, name);
  const actual = fingerprint(publicKey);
  if (actual !== key) throw new ProofError('KEY_INVALID', `${name} holds the key ${actual}, not the one that its name and ${rule} say`, { details: { file: name, expected: key, actual } });
  found.keys.set(key, publicKey);
  found.digests.set(name, sha256Hex(bytes));
}

async function readNamed(file: string, name: string, field: string, maxBytes?: number): Promise<Buffer> {
  try {
    return await readDocument(file, { missing: 'POLICY_INVALID', what: name, ...(maxBytes === undefined ? {} : { maxBytes }) });
  } catch (error) {
    if (!isProofError(error) || error.code !== 'POLICY_INVALID') throw error;
    throw new ProofError('POLICY_INVALID', `${field} of the policy names ${name}, and there is no such file: ${file}`, { cause: error, details: { file: name, field } });
  }
}

/** True when the policy is pinned, by the option or the environment; given both, both must hold. */
function checkPins(env: Env, options: PolicyOptions, actual: string): boolean {
  const pins = [
    { from: '--policy-digest', pin: options.policyDigest },
    { from: DIGEST_VARIABLE, pin: env.env[DIGEST_VARIABLE] },
  ].filter(({ pin }) => pin !== undefined);
  for (const { from, pin } of pins) {
    // An empty pin is a variable that somebody forgot to fill: it must not unpin the policy.
    if (pin === undefined || !/^[0-9a-f]{64}$/.test(pin)) throw new ProofError('OPTION_INVALID', `${from} is ${JSON.stringify(pin)}; it must be 64 lowercase hex digits`, { details: { option: from } });
    if (pin !== actual) throw new ProofError('POLICY_DIGEST_MISMATCH', `the policy has the digest ${actual}; ${from} pins ${pin}`, { details: { expected: pin, actual } });
  }
  return pins.length > 0;
}

/**
 * The warning about a policy that nothing pins. In CI the workspace may be that of a pull request, whose author then chooses whom to trust; a
 * policy file given from inside the workspace is no better than the default one.
 */
function unpinned(options: PolicyOptions, inWorkspace: string, sha256: string): string {
  const message = `the policy ${inWorkspace} is not pinned: whoever can change this workspace can change whom it trusts (its digest now is ${sha256})`;
  if (options.strict === true) throw new ProofError('POLICY_UNPINNED', message, { details: { policy: inWorkspace, sha256 } });
  return `${message}. Give --policy-digest or ${DIGEST_VARIABLE}, or --policy FILE from the base branch, outside of this workspace.`;
}
