import type { KeyObject } from 'node:crypto';
import { toSignedEntity, Verifier, type SignedEntity, type TrustMaterial } from '@sigstore/verify';
import type { ParsedBundle } from '../model/bundle';
import { keyType } from '../model/keys';
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

/** Nothing but one key is trusted; log entries and timestamps that come with a key are not looked at (rules that need them refuse it). */
const THRESHOLDS = { ctlogThreshold: 0, tlogThreshold: 0, timestampThreshold: 0 };

/**
 * The DSSE envelope carries a signature by one of the rule's signers. The bundle's hint selects nothing: every key of the rule is tried.
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
  const entity = keyEntity(bundle);
  const fingerprint = accepted.map(({ key }) => key).find((key) => verifies(entity, keys.get(key)));
  if (fingerprint !== undefined) return { fingerprint, check: passed('signature', `signed by the key ${fingerprint}`, { key: fingerprint }) };
  return { check: refuseKey(bundle, ruleName, accepted.map(({ key }) => key), [...keys, ...(await others())].find(([, key]) => verifies(entity, key))?.[0]) };
}

/** For the library's verifier: the bundle without log entries and timestamps, which could only be believed with a trust root. */
function keyEntity({ bundle }: ParsedBundle): SignedEntity {
  const { content } = bundle.verificationMaterial;
  return toSignedEntity({ ...bundle, verificationMaterial: { content, tlogEntries: [], timestampVerificationData: undefined } });
}

function verifies(entity: SignedEntity, key: KeyObject | undefined): boolean {
  if (key === undefined || keyType(key) === undefined) return false;
  const trust: TrustMaterial = {
    certificateAuthorities: [],
    timestampAuthorities: [],
    tlogs: [],
    ctlogs: [],
    publicKey: () => ({ publicKey: key, validFor: () => true }),
  };
  try {
    new Verifier(trust, THRESHOLDS).verify(entity);
    return true;
  } catch {
    return false;
  }
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
