import type { ParsedBundle } from '../model/bundle';
import { isSigner } from '../model/identity';
import { isKeySigner } from '../model/policy';
import type { Rule } from '../model/types';
import type { Check } from '../model/verdict';
import type { CertificateSignature } from './certificate';
import { failed, passed } from './check';

/**
 * Which signer of the rule made the signature, and whether the bundle proves of its time what the rule asks for. A log entry or timestamp beside a
 * key's signature can be verified with a trust root only: one that is there but unverified counts as none.
 */
export function checkIdentity(fingerprint: string, bundle: ParsedBundle, rule: Rule, ruleName: string): Check<'identity'> {
  const details = { rule: ruleName, key: fingerprint };
  if (rule.tlog === 'required') return failed('identity', 'TLOG_REQUIRED', `${ruleName} has "tlog": "required", and ${present(bundle.tlogEntries, 'log entry')}`, details);
  if (rule.timestamp === 'required') {
    return failed('identity', 'TIMESTAMP_REQUIRED', `${ruleName} has "timestamp": "required", and ${present(bundle.timestamps, 'timestamp')}`, details);
  }
  if (rule.maxAgeDays !== undefined) {
    return failed('identity', 'PROOF_TOO_OLD', `${ruleName} has "maxAgeDays": ${rule.maxAgeDays}, and no verified time says when the key signed`, details);
  }
  return passed('identity', `the key ${fingerprint} is a signer of ${ruleName}`, details);
}

const present = (count: number, what: string): string => (count === 0 ? `the bundle has no ${what}` : `the ${what} of the bundle cannot be verified for a key`);

/**
 * Why the rule does not accept the certificate's identity, whatever it signed; undefined when one of its signers is that identity.
 * @param claims of a certificate that verified
 */
export function refuseSigner({ claims: { issuer, identity } }: CertificateSignature, rule: Rule, ruleName: string): Check<'identity'> | undefined {
  if (rule.signers.some((signer) => !isKeySigner(signer) && isSigner(signer, { issuer, identity }))) return undefined;
  const message = `${ruleName} does not accept the identity ${identity} of the issuer ${issuer}; if you trust it, add ${JSON.stringify({ issuer, identity })} to its signers`;
  return failed('identity', 'SIGNER_NOT_ALLOWED', message, { rule: ruleName, issuer, identity });
}

const DAY_MS = 24 * 3600 * 1000;

/** The certificate's identity is a signer of the rule, and was so recently enough. */
export function checkCertificateIdentity(signature: CertificateSignature, rule: Rule, ruleName: string, now: Date): Check<'identity'> {
  const refusal = refuseSigner(signature, rule, ruleName);
  if (refusal !== undefined) return refusal;
  const { issuer, identity } = signature.claims;
  const time = signature.time.toISOString();
  const details = { rule: ruleName, issuer, identity, time };
  if (rule.timestamp === 'required' && signature.timestamps === 0) {
    return failed('identity', 'TIMESTAMP_REQUIRED', `${ruleName} has "timestamp": "required", and the bundle has no timestamp of an authority`, details);
  }
  if (rule.maxAgeDays !== undefined && now.getTime() - signature.time.getTime() > rule.maxAgeDays * DAY_MS) {
    return failed('identity', 'PROOF_TOO_OLD', `${ruleName} has "maxAgeDays": ${rule.maxAgeDays}, and the proof was signed at ${time}`, details);
  }
  return passed('identity', `${identity} of ${issuer} is a signer of ${ruleName}`, details);
}
