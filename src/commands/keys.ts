import path from 'node:path';
import type { Env } from '../env';
import { ProofError } from '../errors';
import { keySigner, locateSigningKey, readKeyFile, readPrivateKey, type StatementSigner } from '../sign';
import { passphraseOf } from './user-key';

export { listKeys, trustKey, type ListedKey, type TrustedKey } from './trusted-keys';
export { generateKey, prepareUserKey, type GeneratedKey, type UserKey } from './user-key';

const KEY_VARIABLE = 'NX_PROOF_SIGNING_KEY';

/**
 * A signer with the key of the option, else of NX_PROOF_SIGNING_KEY (PEM), else the user's own.
 * @param options key: a private key's file, relative to the workspace or absolute
 * @throws ProofError KEY_NOT_FOUND naming every place, KEY_PERMISSIONS, KEY_PASSPHRASE, KEY_INVALID
 */
export async function openSigner(env: Env, workspaceRoot: string, options: { readonly key?: string }): Promise<StatementSigner> {
  const { pem, what } = await findPrivateKey(env, workspaceRoot, options.key);
  return keySigner(readPrivateKey(pem, passphraseOf(env), what));
}

async function findPrivateKey(env: Env, workspaceRoot: string, option: string | undefined): Promise<{ pem: string; what: string }> {
  if (option !== undefined) {
    const file = path.resolve(workspaceRoot, option);
    const pem = await readKeyFile(file);
    if (pem !== undefined) return { pem, what: file };
    throw new ProofError('KEY_NOT_FOUND', `no signing key: the option "key" names ${file}, and there is no such file`, { details: { file } });
  }
  const variable = env.env[KEY_VARIABLE];
  if (variable !== undefined && variable !== '') return { pem: variable, what: KEY_VARIABLE };
  const file = locateSigningKey(env.env);
  const pem = await readKeyFile(file);
  if (pem !== undefined) return { pem, what: file };
  const state = variable === undefined ? 'not set' : 'empty';
  throw new ProofError('KEY_NOT_FOUND', `no signing key: the option "key" is not set, ${KEY_VARIABLE} is ${state}, and there is no file ${file}`, { details: { file } });
}
