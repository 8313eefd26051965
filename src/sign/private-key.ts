import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { ProofError } from '../errors';
import { requireKeyType, type KeyType } from '../model/keys';

const PRIVATE_PEM = /^\s*-----BEGIN ((?:ENCRYPTED )?PRIVATE KEY)-----\r?\n[A-Za-z0-9+/=\s]+-----END \1-----\s*$/;

/** A new private key; its public key is derived with createPublicKey. */
export function generatePrivateKey(type: KeyType): KeyObject {
  return type === 'ed25519' ? generateKeyPairSync('ed25519').privateKey : generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

/** PKCS#8 PEM, encrypted (PBES2 with AES-256) when there is a passphrase. */
export function privateKeyPem(privateKey: KeyObject, passphrase: string | undefined): string {
  const protection = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  return privateKey.export({ type: 'pkcs8', format: 'pem', ...protection }).toString();
}

/**
 * Reads a private key: one PEM block of PKCS#8, encrypted or not, with an ECDSA P-256 or Ed25519 key. Neither the key, the passphrase nor what the
 * library says of them comes into any error.
 * @param what names the key in messages: its file or variable
 * @throws ProofError KEY_INVALID, KEY_PASSPHRASE
 */
export function readPrivateKey(pem: string, passphrase: string | undefined, what: string): KeyObject {
  const label = PRIVATE_PEM.exec(pem)?.[1];
  if (label === undefined) throw notPkcs8(pem, what);
  const isEncrypted = label !== 'PRIVATE KEY';
  if (isEncrypted && passphrase === undefined) {
    throw new ProofError('KEY_PASSPHRASE', `${what} is encrypted, and no passphrase is set`, { details: { key: what } });
  }
  const key = decode(pem, isEncrypted ? passphrase : undefined);
  if (key === undefined && isEncrypted) {
    throw new ProofError('KEY_PASSPHRASE', `${what} cannot be decrypted: the passphrase is wrong, or the key is damaged`, { details: { key: what } });
  }
  if (key === undefined) throw new ProofError('KEY_INVALID', `${what} cannot be decoded as a private key`, { details: { key: what } });
  requireKeyType(key, what);
  return key;
}

/** undefined when it cannot be decoded; the reason stays here. */
function decode(pem: string, passphrase: string | undefined): KeyObject | undefined {
  try {
    return createPrivateKey({ key: pem, format: 'pem', ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    return undefined;
  }
}

function notPkcs8(pem: string, what: string): ProofError {
  const labels = [...pem.matchAll(/-----BEGIN ([A-Z0-9 ]{1,40})-----/g)].map((match) => `"${match[1]}"`);
  const found = labels.length === 0 ? 'no PEM block' : labels.join(' and ');
  const message = `${what} must be one PEM block "PRIVATE KEY" or "ENCRYPTED PRIVATE KEY" (PKCS#8), and has ${found}`;
  return new ProofError('KEY_INVALID', message, { details: { key: what } });
}
