import type { ParsedBundle } from '../model/bundle';
import type { Rule } from '../model/types';
import type { Check } from '../model/verdict';
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
