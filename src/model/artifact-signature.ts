import { verify, type KeyObject } from 'node:crypto';
import type { p256 } from '@noble/curves/nist';
import { ProofError } from '../errors';
import { sha256Hex } from './digest';

/** What a signature is to be over: bytes by their sha256 (hex). */
export interface SignedArtifact {
  readonly sha256: string;
  /** Reads the bytes, where they are at hand. Asked for Ed25519 alone, which hashes by itself (RFC 8032). */
  readonly read?: () => Promise<Buffer>;
}

/** By the names that Node.js gives the curves. */
const CURVES = { prime256v1: 'p256', secp384r1: 'p384', secp521r1: 'p521' } as const;

type Verify = (key: KeyObject) => boolean;

/**
 * What verifies a signature over an artifact with a key of the same kind as `signer`: ECDSA over its sha256, which need not be computed from the bytes here
 * (Node.js has no such function), or Ed25519 over the bytes.
 * @throws ProofError KEY_INVALID for other kinds of key, OPTION_INVALID for Ed25519 when only the digest is known, FILE_CHANGED
 */
export async function artifactVerifier(artifact: SignedArtifact, signature: Buffer, signer: KeyObject): Promise<Verify> {
  if (signer.asymmetricKeyType === 'ed25519') {
    const bytes = await readBytes(artifact);
    return (key) => key.asymmetricKeyType === 'ed25519' && verify(undefined, bytes, key, signature);
  }
  requireCurve(signer);
  // Loaded here, since only signatures over files need it.
  const nist = await import('@noble/curves/nist');
  return (key) => verifyDigest(nist[requireCurve(key)], key, artifact.sha256, signature);
}

/** @throws ProofError KEY_INVALID for a key that signs no files: RSA, other curves */
export function requireArtifactKey(key: KeyObject): void {
  if (key.asymmetricKeyType !== 'ed25519') requireCurve(key);
}

async function readBytes({ read, sha256 }: SignedArtifact): Promise<Buffer> {
  if (read === undefined) throw new ProofError('OPTION_INVALID', 'an Ed25519 signature is over the bytes of the file, and their digest is not enough to verify it: give the FILE in the place of sha256:…');
  const bytes = await read();
  if (sha256Hex(bytes) !== sha256) throw new ProofError('FILE_CHANGED', 'the file changed while its signature was verified');
  return bytes;
}

function requireCurve(key: KeyObject): (typeof CURVES)[keyof typeof CURVES] {
  const curve = String(key.asymmetricKeyDetails?.namedCurve);
  if (Object.hasOwn(CURVES, curve)) return CURVES[curve as keyof typeof CURVES];
  throw new ProofError('KEY_INVALID', `the key is of the kind ${String(key.asymmetricKeyType)}; for signatures over files ECDSA P-256, P-384, P-521 or Ed25519 is needed`);
}

function verifyDigest(curve: typeof p256, key: KeyObject, sha256: string, signature: Buffer): boolean {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  try {
    // Signers outside of Bitcoin do not normalise s; both forms are valid by FIPS 186-5.
    return curve.verify(signature, Buffer.from(sha256, 'hex'), point, { format: 'der', lowS: false, prehash: false });
  } catch {
    // It throws for a signature that is not in DER.
    return false;
  }
}
