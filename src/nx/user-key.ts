import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isSystemError } from '../errors';
import { parsePublicKey } from '../model/keys';
import { locateSigningKey, publicKeyFile } from '../sign/key-file';
import { readPrivateKey } from '../sign/private-key';

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The public part of the key that proof-sign uses unless told otherwise: of NX_PROOF_SIGNING_KEY, else of the user's own key; undefined when there
 * is neither. Reads synchronously, since Nx passes on only what a hook sets before its first await.
 * @throws ProofError KEY_INVALID, KEY_PASSPHRASE
 */
export function defaultPublicKey(variables: Variables): KeyObject | undefined {
  const passphrase = variables['NX_PROOF_KEY_PASSPHRASE'] || undefined;
  const pem = variables['NX_PROOF_SIGNING_KEY'];
  if (pem !== undefined && pem !== '') return createPublicKey(readPrivateKey(pem, passphrase, 'NX_PROOF_SIGNING_KEY'));
  const file = locateSigningKey(variables);
  const publicPem = readIfExists(publicKeyFile(file));
  if (publicPem !== undefined) return parsePublicKey(publicPem, publicKeyFile(file));
  const privatePem = readIfExists(file);
  return privatePem === undefined ? undefined : createPublicKey(readPrivateKey(privatePem, passphrase, file));
}

function readIfExists(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined;
    throw error;
  }
}
