import { toSignedEntity, VerificationError, Verifier, type SignedEntity, type TrustMaterial } from '@sigstore/verify';
import { preAuthEncoding, type ParsedBundle } from '../model/bundle';
import { readCertificateClaims, type CertificateClaims } from '../model/certificate-claims';
import { sha256Hex } from '../model/digest';
import type { SealedCertificate } from '../model/sealed-certificate';
import { readTimestamp } from '../model/timestamp';
import type { Rule } from '../model/types';
import type { Check, RefusalCode } from '../model/verdict';
import { failed, passed } from './check';
import { issuerProblem, leafOf, openLeaf } from './leaf';
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
 * The DSSE envelope carries a signature by a certificate that an authority of the trust root issued, made while it was valid, as logs and timestamp
 * authorities of the trust root vouch. Who signed is established, not whether the rule accepts it: see checkSigner.
 * @param trust is asked for only when the bundle has what the rule needs; what it throws is thrown
 */
export async function checkCertificate(bundle: ParsedBundle, rule: Rule, ruleName: string, trust: () => Promise<TrustMaterial>): Promise<CertificateFinding> {
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
  const notIssued = issuerProblem(opened, material);
  if (notIssued !== undefined) return refuse('SIGNATURE_INVALID', notIssued);
  try {
    const signature = verifyEntity(bundle, opened.certificate, material, needsLog);
    const problem = logProblem(bundle, material, signature.time);
    if (problem !== undefined) return refuse('TLOG_REQUIRED', problem);
    const { issuer, identity } = signature.claims;
    return { signature, check: passed('signature', `signed by ${identity}, for whom ${issuer} vouched, at ${signature.time.toISOString()}`, { issuer, identity }) };
  } catch (error) {
    return refuse(refusalOf(error), `the signature by a certificate cannot be verified: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Throws what the library throws. */
function verifyEntity(bundle: ParsedBundle, certificate: SealedCertificate, material: TrustMaterial, needsLog: boolean): CertificateSignature {
  const entity: SignedEntity = { ...toSignedEntity(withoutCertificate(bundle)), key: { $case: 'certificate', certificate } };
  acceptEncodingDigest(entity, bundle.payload);
  new Verifier(material, { ctlogThreshold: 1, tlogThreshold: needsLog ? 1 : 0, timestampThreshold: 1 }).verify(entity);
  const times = entity.timestamps.flatMap(verifiedTime);
  for (const { signedTimestamp } of bundle.bundle.verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? []) readTimestamp(signedTimestamp);
  const time = new Date(Math.min(...times.map((each) => each.getTime())));
  return { claims: readCertificateClaims(certificate), time, tlogEntries: bundle.tlogEntries, timestamps: bundle.timestamps };
}

/** The library would parse the certificate once more; a key by a hint that nobody knows stands in its place. */
function withoutCertificate({ bundle }: ParsedBundle): ParsedBundle['bundle'] {
  return { ...bundle, verificationMaterial: { ...bundle.verificationMaterial, content: { $case: 'publicKey', publicKey: { hint: '' } } } } as ParsedBundle['bundle'];
}

/** The time of an entry without a promise is signed by nobody; the library does not count it either. */
function verifiedTime(timestamp: SignedEntity['timestamps'][number]): Date[] {
  if (timestamp.$case === 'timestamp-authority') return [timestamp.timestamp.signingTime];
  const { inclusionPromise, integratedTime } = timestamp.tlogEntry;
  return inclusionPromise === undefined ? [] : [new Date(Number(integratedTime) * 1000)];
}

/**
 * Rekor v2 records the digest of what was signed, which is the pre-authentication encoding, where @sigstore/verify 3 expects that of the payload. Which
 * of them an entry of its kind must have is checked before (logEntryProblem); here both are accepted.
 */
function acceptEncodingDigest({ signature }: SignedEntity, payload: Buffer): void {
  const accepted = [payload, preAuthEncoding(payload)].map(sha256Hex);
  signature.compareDigest = (digest) => accepted.includes(digest.toString('hex'));
}

function refusalOf(error: unknown): RefusalCode {
  const code: string = error instanceof VerificationError ? error.code : '';
  if (code.startsWith('TLOG_')) return 'TLOG_REQUIRED';
  return code === 'TIMESTAMP_ERROR' ? 'TIMESTAMP_REQUIRED' : 'SIGNATURE_INVALID';
}
