import type { KeyObject } from 'node:crypto';
import { toSignedEntity, VerificationError, type SignedEntity } from '@sigstore/verify';
import { artifactVerifier, type SignedArtifact } from '../model/artifact-signature';
import type { SignatureBundle } from '../model/bundle';
import { sha256Hex } from '../model/digest';
import type { SealedCertificate } from '../model/sealed-certificate';
import { signedDigest } from '../model/signed-content';
import type { RefusalCode } from '../model/verdict';

interface Signer {
  readonly key: KeyObject;
  readonly certificate?: SealedCertificate;
}

/**
 * A bundle as the library's verifier takes it, for every step but two. Rekor v2 records the digest of what was signed, which is the pre-authentication
 * encoding, where @sigstore/verify 3 expects that of the payload; which of them an entry of its kind must have is checked before (logEntryProblem),
 * and here both are accepted. And a signature over a file is verified by the file's digest, so that its bytes are not needed.
 * @param signer the key that the bundle is verified with, and the certificate that has it
 * @param artifact of a message signature: what it must be over. Without it no message signature verifies.
 */
export async function entityOf({ bundle, content, signature }: SignatureBundle, signer: Signer, artifact?: SignedArtifact): Promise<SignedEntity> {
  const { key, certificate } = signer;
  const entity: SignedEntity = certificate === undefined ? toSignedEntity(bundle) : { ...toSignedEntity(withoutCertificate(bundle)), key: { $case: 'certificate', certificate } };
  const accepted = [signedDigest(content), ...(content.kind === 'statement' ? [sha256Hex(content.payload)] : [])];
  entity.signature.compareDigest = (digest) => accepted.includes(digest.toString('hex'));
  if (content.kind === 'message') entity.signature.verifySignature = artifact === undefined ? () => false : await artifactVerifier(artifact, signature, key);
  return entity;
}

/** The library would parse the certificate once more; a key by a hint that nobody knows stands in its place. */
function withoutCertificate(bundle: SignatureBundle['bundle']): SignatureBundle['bundle'] {
  return { ...bundle, verificationMaterial: { ...bundle.verificationMaterial, content: { $case: 'publicKey', publicKey: { hint: '' } } } } as SignatureBundle['bundle'];
}

/** When the signature was made at the latest, by each who vouches for it: the time of an entry without a promise is signed by nobody. */
export function verifiedTimes({ timestamps }: SignedEntity): Date[] {
  return timestamps.flatMap((timestamp) => {
    if (timestamp.$case === 'timestamp-authority') return [timestamp.timestamp.signingTime];
    const { inclusionPromise, integratedTime } = timestamp.tlogEntry;
    return inclusionPromise === undefined ? [] : [new Date(Number(integratedTime) * 1000)];
  });
}

/** The code for an error of the library's verifier. */
export function refusalOf(error: unknown): RefusalCode {
  const code: string = error instanceof VerificationError ? error.code : '';
  if (code.startsWith('TLOG_')) return 'TLOG_REQUIRED';
  return code === 'TIMESTAMP_ERROR' ? 'TIMESTAMP_REQUIRED' : 'SIGNATURE_INVALID';
}
