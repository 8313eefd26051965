import { isProofError } from '../errors';
import { readBundle, type ParsedBundle } from '../model/bundle';
import type { Check } from '../model/verdict';
import { failed, passed } from './check';

export interface BundleFinding {
  readonly check: Check<'bundle'>;
  /** Absent when the check failed. */
  readonly bundle?: ParsedBundle;
}

/**
 * The bundle can be read in one way only.
 * @throws ProofError FILE_TOO_LARGE, JSON_INVALID, BUNDLE_INVALID when the file is no bundle at all
 */
export function checkBundle(bytes: Uint8Array): BundleFinding {
  try {
    const bundle = readBundle(bytes);
    return { bundle, check: passed('bundle', `Sigstore bundle, ${bundle.mediaType}`) };
  } catch (error) {
    if (!isProofError(error) || error.code !== 'BUNDLE_AMBIGUOUS') throw error;
    return { check: failed('bundle', error.code, error.message, error.details) };
  }
}
