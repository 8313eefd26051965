import { Verifier, type TrustMaterial } from '@sigstore/verify';
import { isProofError } from '../errors';
import type { SignedArtifact } from '../model/artifact-signature';
import type { SignatureBundle } from '../model/bundle';
import { readCertificateClaims, type CertificateClaims } from '../model/certificate-claims';
import { SealedCertificate } from '../model/sealed-certificate';
import { readTimestamp } from '../model/timestamp';
import type { Rule } from '../model/types';
import type { Check, RefusalCode } from '../model/verdict';
import { failed, passed } from './check';
import { entityOf, refusalOf, verifiedTimes } from './entity';
import { chainProblem, issuerProblem, leafOf, openLeaf } from './leaf';
import { logEntryProblem, logProblem } from './log-entries';

/** What is known of a signature by a certificate that verified. */
export interface CertificateSignature {
  readonly claims: CertificateClaims;
  /** By when it had been made: the earliest of the times that logs and timestamp authorities vouch for. */
  readonly time: Date;
  readonly tlogEntries: number;
  readonly timestamps: number;
}

export interface CertificateFinding {
  readonly check: Check<'signature'>;
  /** Absent when the check failed: then nothing of the payload may be used. */
  readonly signature?: CertificateSignature;
}

/**
 * The bundle carries a signature by a certificate that an authority of the trust root issued, made while it was valid, as logs and timestamp
 * authorities of the trust root vouch. Who signed is established, not whether the rule accepts it: see checkSigner.
 * @param trust is asked for only when the bundle has what the rule needs; what it throws is thrown
 * @param artifact of a message signature: what it must be over
 * @throws ProofError as artifactVerifier does
 */
export async function checkCertificate(bundle: SignatureBundle, rule: Rule, ruleName: string, trust: () => Promise<TrustMaterial>, artifact?: SignedArtifact): Promise<CertificateFinding> {
  const refuse = (code: RefusalCode, problem: string): CertificateFinding => ({ check: failed('signature', code, problem, { rule: ruleName }) });
  const needsLog = rule.tlog === undefined || rule.tlog === 'required';
  if (needsLog && bundle.tlogEntries === 0) return refuse('TLOG_REQUIRED', `${ruleName} requires a log entry for certificates, and the bundle has none`);
  if (bundle.tlogEntries + bundle.timestamps === 0) return refuse('TIMESTAMP_REQUIRED', 'the bundle has neither a log entry nor a timestamp: nothing says that the certificate was valid when it signed');
  const leaf = leafOf(bundle) ?? Buffer.alloc(0);
  const inLog = logEntryProblem(bundle, leaf);
  if (inLog !== undefined) return refuse('TLOG_REQUIRED', inLog);
  const material = await trust();
  const opened = openLeaf(leaf);
  if (typeof opened === 'string') return refuse('SIGNATURE_INVALID', opened);
  const notIssued = issuerProblem(opened, material) ?? chainProblem(bundle);
  if (notIssued !== undefined) return refuse('SIGNATURE_INVALID', notIssued);
  try {
    const signature = await verifyEntity(bundle, opened.certificate, material, { needsLog, artifact });
    const problem = logProblem(bundle, material, signature.time);
    if (problem !== undefined) return refuse('TLOG_REQUIRED', problem);
    const { issuer, identity } = signature.claims;
    return { signature, check: passed('signature', `signed by ${identity}, for whom ${issuer} vouched, at ${signature.time.toISOString()}`, { issuer, identity }) };
  } catch (error) {
    if (isProofError(error)) throw error;
    return refuse(refusalOf(error), `the signature by a certificate cannot be verified: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Throws what the library throws. */
async function verifyEntity(bundle: SignatureBundle, certificate: SealedCertificate, material: TrustMaterial, options: { needsLog: boolean; artifact: SignedArtifact | undefined }): Promise<CertificateSignature> {
  const entity = await entityOf(bundle, { key: SealedCertificate.keyOf(certificate), certificate }, options.artifact);
  new Verifier(material, { ctlogThreshold: 1, tlogThreshold: options.needsLog ? 1 : 0, timestampThreshold: 1 }).verify(entity);
  for (const { signedTimestamp } of bundle.bundle.verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? []) readTimestamp(signedTimestamp);
  const time = new Date(Math.min(...verifiedTimes(entity).map((each) => each.getTime())));
  return { claims: readCertificateClaims(certificate), time, tlogEntries: bundle.tlogEntries, timestamps: bundle.timestamps };
}
