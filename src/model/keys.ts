import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { ProofError } from '../errors';

/** The kinds of key that sign and verify: both are checked by cosign and by the other Sigstore clients. */
export type KeyType = 'ecdsa-p256' | 'ed25519';

/** Identifies a key in the policy and in proof.keys/: the sha256 of its SPKI DER, 64 lowercase hex digits. */
export function fingerprint(publicKey: KeyObject): string {
  return spkiDigest(publicKey).toString('hex');
}

/** The hint that cosign puts into bundles of managed keys: the same digest in base64. */
export function keyHint(publicKey: KeyObject): string {
  return spkiDigest(publicKey).toString('base64');
}

/** Who signed, as the attestation of a proof envelope names a key. */
export const keyIssuer = (keyFingerprint: string): string => `key:sha256:${keyFingerprint}`;

function spkiDigest(publicKey: KeyObject): Buffer {
  return createHash('sha256').update(publicKey.export({ type: 'spki', format: 'der' })).digest();
}

/** The kind of a public or private key, or undefined when it is none that nx-proof uses. */
export function keyType(key: KeyObject): KeyType | undefined {
  if (key.asymmetricKeyType === 'ed25519') return 'ed25519';
  const isP256 = key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  return isP256 ? 'ecdsa-p256' : undefined;
}

/** @throws ProofError KEY_INVALID for any other kind of key; the message names the kind found, never the key */
export function requireKeyType(key: KeyObject, what: string): KeyType {
  const type = keyType(key);
  if (type !== undefined) return type;
  const found = [key.asymmetricKeyType, key.asymmetricKeyDetails?.namedCurve].filter((part) => part !== undefined).join(' ');
  throw new ProofError('KEY_INVALID', `${what} is of the kind ${found === '' ? 'secret' : found}; ECDSA P-256 or Ed25519 is needed`, { details: { what, found } });
}

/** The digest that a key of this kind signs; none for Ed25519, which hashes by itself (RFC 8032). */
export const signedDigest = (type: KeyType): 'sha256' | undefined => (type === 'ecdsa-p256' ? 'sha256' : undefined);

/** True when the key made the signature over the data: ECDSA over sha256 in DER, or Ed25519. Never for another kind of key. */
export function verifiesWith(publicKey: KeyObject, data: Uint8Array, signature: Uint8Array): boolean {
  const type = keyType(publicKey);
  if (type === undefined) return false;
  try {
    return verify(signedDigest(type), data, publicKey, signature);
  } catch {
    // Some versions of OpenSSL report what is no signature as an error.
    return false;
  }
}

const PUBLIC_PEM = /^\s*-----BEGIN PUBLIC KEY-----\r?\n[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----\s*$/;

/**
 * Reads a public key: one PEM block "PUBLIC KEY" (SPKI) with an ECDSA P-256 or Ed25519 key, and nothing else. In particular not a private
 * key, from which Node would quietly derive the public one.
 * @param what names the key in messages, for example its file
 * @throws ProofError KEY_INVALID
 */
export function parsePublicKey(pem: string | Uint8Array, what = 'the public key'): KeyObject {
  const key = parseSpki(pem, what);
  requireKeyType(key, what);
  return key;
}

/** As parsePublicKey, of any kind. */
export function parseSpki(pem: string | Uint8Array, what: string): KeyObject {
  const text = typeof pem === 'string' ? pem : Buffer.from(pem).toString('latin1');
  if (!PUBLIC_PEM.test(text)) {
    const found = /-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(text)?.[1];
    const kind = found === undefined ? 'no PEM block' : `a PEM block "${found}"`;
    throw new ProofError('KEY_INVALID', `${what} must be one PEM block "PUBLIC KEY", and has ${kind}`, { details: { what } });
  }
  return readSpki(text, what);
}

function readSpki(text: string, what: string): KeyObject {
  try {
    return createPublicKey(text);
  } catch (error) {
    throw new ProofError('KEY_INVALID', `${what} cannot be decoded as a public key`, { cause: error, details: { what } });
  }
}

/** A public key as PEM (SPKI), as it stands in proof.keys/. */
export function publicKeyPem(publicKey: KeyObject): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

/** A key by its public part. */
export interface PublicKeyInfo {
  readonly fingerprint: string;
  readonly type: KeyType;
  /** SPKI. */
  readonly publicKeyPem: string;
}

/** @throws ProofError KEY_INVALID for another kind of key */
export function describeKey(publicKey: KeyObject): PublicKeyInfo {
  return { fingerprint: fingerprint(publicKey), type: requireKeyType(publicKey, 'the public key'), publicKeyPem: publicKeyPem(publicKey) };
}
