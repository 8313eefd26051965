import { createPublicKey, sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { ProofError } from '../errors';
import { dsseBundle, preAuthEncoding, readBundle } from '../model/bundle';
import { fingerprint, keyHint, keyIssuer, requireKeyType, signedDigest, verifiesWith } from '../model/keys';
import type { StatementSigner } from './signer';

const signAsync = promisify(sign);

/**
 * Signs with a key that the caller keeps: ECDSA P-256 over sha256 in DER, or Ed25519, over the DSSE pre-authentication encoding.
 * @throws ProofError KEY_INVALID for a key of another kind
 */
export function keySigner(privateKey: KeyObject): StatementSigner {
  const digest = signedDigest(requireKeyType(privateKey, 'the signing key'));
  const publicKey = createPublicKey(privateKey);
  const issuer = keyIssuer(fingerprint(publicKey));
  return {
    issuer,
    async sign(payload) {
      const signature = await signAsync(digest, preAuthEncoding(payload), privateKey);
      return dsseBundle({ payload, signature, keyHint: keyHint(publicKey) });
    },
    async verify(bytes) {
      const { material, payload, signature } = readBundle(bytes);
      if (material === 'publicKey' && verifiesWith(publicKey, preAuthEncoding(payload), signature)) return payload;
      throw new ProofError('SIGNATURE_INVALID', `the bundle carries no signature by ${issuer}`, { details: { issuer } });
    },
  };
}
