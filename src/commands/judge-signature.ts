import type { ParsedBundle } from '../model/bundle';
import type { CertificateClaims } from '../model/certificate-claims';
import { keyIssuer } from '../model/keys';
import type { Rule } from '../model/types';
import type { Check, Checks, VerifiedSigner } from '../model/verdict';
import * as checks from '../verify';
import { readOtherKeys } from './policy';
import type { Run } from './run';

/** A signature that verified, by a signer that the rule accepts. */
export interface AcceptedSignature {
  readonly checks: Pick<Checks, 'signature' | 'identity'>;
  readonly signer: VerifiedSigner;
  /** Who signed, as the attestation of a proof envelope names it. */
  readonly issuer: string;
  /** Of a certificate. */
  readonly claims?: CertificateClaims;
}

/** Why nothing of the payload may be used, and who signed, if that much is known. */
export interface RefusedSignature {
  readonly refusal: Pick<Checks, 'signature'> & { readonly identity?: Check<'identity'> };
  readonly signer?: VerifiedSigner;
}

/**
 * Finds out who signed, and whether the rule accepts that signer. What signed must be of the kind that the rule's signers are.
 * @throws ProofError as the run's trust does, for certificates
 */
export async function judgeSignature(run: Run, bundle: ParsedBundle, rule: Rule, ruleName: string): Promise<AcceptedSignature | RefusedSignature> {
  if (checks.isForCertificate(bundle, rule)) return judgeCertificate(run, bundle, rule, ruleName);
  const { check: signature, fingerprint } = await checks.checkSignature(bundle, rule, ruleName, run.policy.keys, () => readOtherKeys(run.policy));
  if (fingerprint === undefined) return { refusal: { signature } };
  const identity = checks.checkIdentity(fingerprint, bundle, rule, ruleName);
  return { checks: { signature, identity }, signer: { kind: 'key', fingerprint }, issuer: keyIssuer(fingerprint) };
}

async function judgeCertificate(run: Run, bundle: ParsedBundle, rule: Rule, ruleName: string): Promise<AcceptedSignature | RefusedSignature> {
  const { checkCertificate } = await import('../verify/certificate');
  const { check, signature } = await checkCertificate(bundle, rule, ruleName, async () => (await run.trust()).material);
  if (signature === undefined) return { refusal: { signature: check } };
  const { claims } = signature;
  const signer = { kind: 'certificate', issuer: claims.issuer, identity: claims.identity } as const;
  const identity = checks.refuseSigner(signature, rule, ruleName);
  if (identity !== undefined) return { refusal: { signature: check, identity }, signer };
  const accepted = checks.checkCertificateIdentity(signature, rule, ruleName, run.session.env.now());
  return { checks: { signature: check, identity: accepted }, signer, issuer: claims.issuer, claims };
}
