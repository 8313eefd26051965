import type { KeyObject } from 'node:crypto';
import { preAuthEncoding, type ParsedBundle } from '../model/bundle';
import { verifiesWith } from '../model/keys';
import { isKeySigner } from '../model/policy';
import type { Rule } from '../model/types';
import type { Check } from '../model/verdict';
import { failed, passed } from './check';

type Keys = ReadonlyMap<string, KeyObject>;

export interface SignatureFinding {
  readonly check: Check<'signature'>;
  /** The fingerprint of the key whose signature verified; absent when the check failed: then nothing of the payload may be used. */
  readonly fingerprint?: string;
}

/**
 * Can only a certificate have made the signature, and may one under this rule? Then checkCertificate (certificate.ts, with what it
 * takes to read certificates) verifies it, else checkSignature.
 */
export function isForCertificate({ material }: ParsedBundle, { signers }: Rule): boolean {
  return material !== 'publicKey' && !signers.every(isKeySigner);
}

/**
 * The DSSE envelope carries a signature by one of the rule's signers. The bundle's hint selects nothing: every key of the rule is tried. Log entries
 * and timestamps that come with a key are not looked at: only with a trust root could they be believed (rules that need them refuse it).
 * @param rule and how messages name it
 * @param keys the public keys of the policy's rules by fingerprint
 * @param others further keys to name in the refusal; they are never accepted
 */
export async function checkSignature(bundle: ParsedBundle, rule: Rule, ruleName: string, keys: Keys, others: () => Promise<Keys>): Promise<SignatureFinding> {
  const accepted = rule.signers.filter(isKeySigner);
  if (bundle.material !== 'publicKey') return { check: refuseCertificate(ruleName) };
  if (accepted.length === 0) {
    return { check: failed('signature', 'SIGNER_NOT_ALLOWED', `a key signed it, and ${ruleName} accepts certificates only`, { rule: ruleName }) };
  }
  const signed = preAuthEncoding(bundle.payload);
  const verifies = (key: KeyObject | undefined): boolean => key !== undefined && verifiesWith(key, signed, bundle.signature);
  const fingerprint = accepted.map(({ key }) => key).find((key) => verifies(keys.get(key)));
  if (fingerprint !== undefined) return { fingerprint, check: passed('signature', `signed by the key ${fingerprint}`, { key: fingerprint }) };
  return { check: refuseKey(bundle, ruleName, accepted.map(({ key }) => key), [...keys, ...(await others())].find(([, key]) => verifies(key))?.[0]) };
}

function refuseCertificate(ruleName: string): Check<'signature'> {
  return failed('signature', 'SIGNER_NOT_ALLOWED', `a certificate signed it, and ${ruleName} accepts keys only`, { rule: ruleName });
}

/** Tells a signature by a key that the rule does not accept from one that is wrong. */
function refuseKey(bundle: ParsedBundle, ruleName: string, accepted: readonly string[], signer: string | undefined): Check<'signature'> {
  if (signer !== undefined) {
    const message = `signed by the key ${signer}, which ${ruleName} does not accept; if you trust it: nx-proof key trust proof.keys/${signer}.pub.pem`;
    return failed('signature', 'SIGNER_NOT_ALLOWED', message, { key: signer, rule: ruleName });
  }
  const hinted = fingerprintOf(bundle.hint);
  if (hinted !== undefined && !accepted.includes(hinted)) {
    const message = `it names the key ${hinted}, which ${ruleName} does not accept; if you have that public key and trust it: nx-proof key trust FILE`;
    return failed('signature', 'SIGNER_NOT_ALLOWED', message, { hint: hinted, rule: ruleName });
  }
  return failed('signature', 'SIGNATURE_INVALID', `no key of ${ruleName} verifies the signature over the payload (dsseEnvelope.signatures[0].sig)`, { rule: ruleName, field: '/dsseEnvelope/signatures/0/sig' });
}

/** A hint as a fingerprint: cosign and nx-proof write the sha256 of the SPKI DER in base64. Only for messages. */
function fingerprintOf(hint: string | undefined): string | undefined {
  if (hint === undefined || !/^[A-Za-z0-9+/]{43}=$/.test(hint)) return undefined;
  return Buffer.from(hint, 'base64').toString('hex');
}
