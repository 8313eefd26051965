import type { ERROR_CODES, ErrorCode } from '../errors';

/** The checks of a verification, in the order in which they are reported. */
export const CHECKS = ['bundle', 'signature', 'statement', 'subjects', 'envelope', 'identity', 'predicate', 'builder', 'source', 'freshness', 'dependencies'] as const;
export type CheckName = (typeof CHECKS)[number];

/**
 * passed: checked and right. failed: checked and wrong. asserted: the statement says so and nobody vouches for it; the rule accepts that.
 * unchecked: nothing to check it against (said in the message), or not reached after a failure.
 */
export type CheckStatus = 'passed' | 'failed' | 'asserted' | 'unchecked';

/** The codes whose meaning is that the verdict is no: the only ones that a failed check carries. */
export type RefusalCode = { [C in ErrorCode]: (typeof ERROR_CODES)[C]['exit'] extends 1 ? C : never }[ErrorCode];

export interface Check<N extends CheckName = CheckName> {
  readonly name: N;
  readonly status: CheckStatus;
  /** Set when failed. */
  readonly code?: RefusalCode;
  readonly message: string;
  /** Files, fields or digests concerned; at most 20 of each. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Every check, each under its own name: none can be forgotten. */
export type Checks = { readonly [N in CheckName]: Check<N> };

/** Who signed, as established by the check `signature`. */
export type VerifiedSigner = { readonly kind: 'key'; readonly fingerprint: string } | { readonly kind: 'certificate'; readonly issuer: string; readonly identity: string };

/** The outcome of verifying one proof: PASSED as resultOf says. */
export interface Verdict {
  readonly project: string;
  readonly result: 'PASSED' | 'FAILED';
  /** One of each of CHECKS, in their order. */
  readonly checks: readonly Check[];
  readonly signer?: VerifiedSigner;
  /** sha256 of the signed statement's bytes; only of a statement whose signature verified. */
  readonly statementSha256?: string;
  readonly subjects?: { readonly files: number; readonly bytes: number };
  readonly policy?: { readonly uri: string; readonly sha256: string };
}

/**
 * What each check must have come to for PASSED. Nothing makes up for an unverified signature, statement or subject; the others may find nothing to
 * compare with, and then say so.
 */
const ACCEPTABLE: { readonly [N in CheckName]: readonly CheckStatus[] } = {
  bundle: ['passed'],
  signature: ['passed'],
  statement: ['passed'],
  subjects: ['passed'],
  envelope: ['passed', 'unchecked'],
  identity: ['passed'],
  predicate: ['passed'],
  builder: ['passed', 'asserted'],
  source: ['passed', 'asserted', 'unchecked'],
  freshness: ['passed', 'unchecked'],
  dependencies: ['passed', 'unchecked'],
};

/** PASSED only if every one of CHECKS is there and came to what it must. */
export function resultOf(checks: Checks): Verdict['result'] {
  return CHECKS.every((name) => checks[name].name === name && ACCEPTABLE[name].includes(checks[name].status)) ? 'PASSED' : 'FAILED';
}
