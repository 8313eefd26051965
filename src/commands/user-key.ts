import { createPublicKey, type KeyObject } from 'node:crypto';
import path from 'node:path';
import type { Env } from '../env';
import { isProofError } from '../errors';
import { lstatIfExists, readDocument } from '../files';
import { describeKey, parsePublicKey, type KeyType, type PublicKeyInfo } from '../model/keys';
import { generatePrivateKey, locateSigningKey, privateKeyPem, publicKeyFile, readKeyFile, readPrivateKey, writeKeyFiles } from '../sign';

/** The largest file that is read as a key, in bytes. */
export const MAX_KEY_BYTES = 64 * 1024;

export interface GeneratedKey extends PublicKeyInfo {
  /** Absolute native paths of the private key and of the public key beside it. */
  readonly file: string;
  readonly publicFile: string;
  readonly isEncrypted: boolean;
}

/**
 * Makes a signing key and writes it with its public key; NX_PROOF_KEY_PASSPHRASE encrypts it.
 * @param options file: the private key, relative to the current folder or absolute; the place of the user's own key unless set. type: ecdsa-p256
 * unless set
 * @throws ProofError KEY_EXISTS
 */
export async function generateKey(env: Env, options: { readonly file?: string; readonly type?: KeyType } = {}): Promise<GeneratedKey> {
  const file = options.file === undefined ? locateSigningKey(env.env) : path.resolve(env.cwd, options.file);
  const { info, pem } = newKey(env, options.type);
  return { ...info, file, publicFile: await writeKeyFiles(file, pem, info.publicKeyPem), isEncrypted: passphraseOf(env) !== undefined };
}

function newKey(env: Env, type: KeyType = 'ecdsa-p256'): { info: PublicKeyInfo; pem: string } {
  const privateKey = generatePrivateKey(type);
  return { info: describeKey(createPublicKey(privateKey)), pem: privateKeyPem(privateKey, passphraseOf(env)) };
}

/** NX_PROOF_KEY_PASSPHRASE; an empty one is none, since it would protect nothing. */
export function passphraseOf({ env }: Env): string | undefined {
  const passphrase = env['NX_PROOF_KEY_PASSPHRASE'];
  return passphrase === '' ? undefined : passphrase;
}

/** The user's own key, perhaps still to be written. */
export interface UserKey extends PublicKeyInfo {
  readonly isNew: boolean;
  /** Writes a new key; does nothing for one that exists. @throws ProofError KEY_EXISTS when another process was quicker */
  save(): Promise<void>;
}

/**
 * The user's own key, or a new one in memory: for callers that may still change their mind, as a dry run does.
 * @throws ProofError KEY_PERMISSIONS, KEY_INVALID, KEY_PASSPHRASE
 */
export async function prepareUserKey(env: Env): Promise<UserKey> {
  const existing = await readUserKey(env);
  if (existing !== undefined) return { ...describeKey(existing), isNew: false, save: () => Promise.resolve() };
  const { info, pem } = newKey(env);
  const save = async (): Promise<void> => {
    await writeKeyFiles(locateSigningKey(env.env), pem, info.publicKeyPem);
  };
  return { ...info, isNew: true, save };
}

/**
 * The public part of the user's own key, or undefined when there is none. Of an encrypted one without its passphrase, as the file beside it says.
 * @throws ProofError KEY_PERMISSIONS, KEY_INVALID, KEY_PASSPHRASE
 */
export async function readUserKey(env: Env): Promise<KeyObject | undefined> {
  const file = locateSigningKey(env.env);
  const pem = await readKeyFile(file);
  if (pem === undefined) return undefined;
  try {
    return createPublicKey(readPrivateKey(pem, passphraseOf(env), file));
  } catch (error) {
    const publicFile = publicKeyFile(file);
    if (!isProofError(error) || error.code !== 'KEY_PASSPHRASE' || (await lstatIfExists(publicFile)) === undefined) throw error;
    return parsePublicKey(await readDocument(publicFile, { missing: 'KEY_NOT_FOUND', what: 'public key', maxBytes: MAX_KEY_BYTES }), publicFile);
  }
}
