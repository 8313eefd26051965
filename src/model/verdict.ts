import type { ErrorCode } from '../errors';

/** The checks of a verification, in the order in which they run and are reported. */
export const CHECKS = ['bundle', 'signature', 'statement', 'subjects', 'envelope', 'identity', 'predicate', 'builder', 'source', 'freshness', 'dependencies'] as const;
export type CheckName = (typeof CHECKS)[number];

/**
 * passed: checked and right. failed: checked and wrong. asserted: the statement says so and nobody vouches for it; the rule accepts that.
 * unchecked: nothing to check it against (said in the message), or not reached after a failure.
 */
export type CheckStatus = 'passed' | 'failed' | 'asserted' | 'unchecked';

export interface Check {
  readonly name: CheckName;
  readonly status: CheckStatus;
  /** Set when failed. */
  readonly code?: ErrorCode;
  readonly message: string;
  /** Files, fields or digests concerned; at most 20 of each. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Who signed, as established by the check `identity`. */
export type VerifiedSigner = { readonly kind: 'key'; readonly fingerprint: string } | { readonly kind: 'certificate'; readonly issuer: string; readonly identity: string };

/** The outcome of verifying one proof. PASSED only if every check is passed, asserted as the rule allows, or unchecked for a stated reason. */
export interface Verdict {
  readonly project: string;
  readonly result: 'PASSED' | 'FAILED';
  readonly checks: readonly Check[];
  readonly signer?: VerifiedSigner;
  /** sha256 of the signed statement's bytes; only of a statement whose signature verified. */
  readonly statementSha256?: string;
  readonly subjects?: { readonly files: number; readonly bytes: number };
  readonly policy?: { readonly uri: string; readonly sha256: string };
}
