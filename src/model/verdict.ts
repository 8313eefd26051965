import type { ERROR_CODES, ErrorCode } from '../errors';

/** The checks of a verification, in the order in which they are reported. */
export const CHECKS = ['bundle', 'signature', 'statement', 'subjects', 'envelope', 'identity', 'predicate', 'builder', 'source', 'freshness', 'dependencies'] as const;
/** The checks of the verification of a proof envelope by itself. */
export const ENVELOPE_CHECKS = ['envelope', 'subjects', 'evidence', 'bundle', 'signature', 'identity', 'statement', 'predicate', 'builder', 'source'] as const;
export type CheckName = (typeof CHECKS)[number] | (typeof ENVELOPE_CHECKS)[number];

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
export type Checks = { readonly [N in (typeof CHECKS)[number]]: Check<N> };
export type EnvelopeChecks = { readonly [N in (typeof ENVELOPE_CHECKS)[number]]: Check<N> };

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
const ACCEPTABLE: { readonly [N in keyof Checks]: readonly CheckStatus[] } = {
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

/** The outcome of verifying a proof envelope by itself. */
export interface EnvelopeVerdict {
  /** The file of the envelope, as it was named. */
  readonly proof: string;
  /** The project whose rule was applied. */
  readonly project?: string;
  /** PASSED as envelopeResultOf says. UNSIGNED: hashes and schema are right and nobody signed, which the caller said to accept. */
  readonly result: 'PASSED' | 'FAILED' | 'UNSIGNED';
  /** One of each of ENVELOPE_CHECKS, in their order. */
  readonly checks: readonly Check[];
  readonly signer?: VerifiedSigner;
  /** sha256 of the signed statement's bytes; only of a statement whose signature verified. */
  readonly statementSha256?: string;
  readonly policy?: { readonly uri: string; readonly sha256: string };
}

/** What each check must have come to for PASSED. Evidence may be a URL, of which nothing is fetched. */
const ENVELOPE_ACCEPTABLE: { readonly [N in keyof EnvelopeChecks]: readonly CheckStatus[] } = {
  envelope: ['passed'],
  subjects: ['passed'],
  evidence: ['passed', 'unchecked'],
  bundle: ['passed'],
  signature: ['passed'],
  identity: ['passed'],
  statement: ['passed'],
  predicate: ['passed'],
  builder: ['passed', 'asserted'],
  source: ['passed', 'asserted', 'unchecked'],
};

/** What is left to check of an envelope that nobody signed. */
const WITHOUT_SIGNATURE = ['envelope', 'subjects', 'evidence'] as const;

/** PASSED only if every one of ENVELOPE_CHECKS came to what it must; UNSIGNED only if nobody signed and the caller accepts that. */
export function envelopeResultOf(checks: EnvelopeChecks, unsigned: { readonly isUnsigned: boolean; readonly isAllowed: boolean }): EnvelopeVerdict['result'] {
  const holds = (name: keyof EnvelopeChecks): boolean => checks[name].name === name && ENVELOPE_ACCEPTABLE[name].includes(checks[name].status);
  if (unsigned.isUnsigned) return unsigned.isAllowed && WITHOUT_SIGNATURE.every(holds) ? 'UNSIGNED' : 'FAILED';
  return ENVELOPE_CHECKS.every(holds) ? 'PASSED' : 'FAILED';
}
