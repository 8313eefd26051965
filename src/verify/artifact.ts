import { isProofError } from '../errors';
import type { SignatureBundle } from '../model/bundle';
import { readSubjectDigests } from '../model/in-toto';
import type { Check } from '../model/verdict';
import { failed, passed } from './check';

/**
 * The signature is about the artifact: it is over its bytes, or over a statement that has it among its subjects.
 * @param sha256 of the artifact, as the verifier found it
 * @param bundle whose signature verified: only then may its payload be read
 */
export function checkArtifact({ content }: SignatureBundle, sha256: string): Check<'subjects'> {
  if (content.kind === 'message') {
    if (content.sha256 === sha256) return passed('subjects', `the signature is over sha256:${sha256}`);
    return failed('subjects', 'SUBJECT_MISMATCH', `the bundle is about sha256:${content.sha256}; the artifact is sha256:${sha256}`, { expected: content.sha256, actual: sha256 });
  }
  try {
    if (readSubjectDigests(content.payload).has(sha256)) return passed('subjects', `the statement has sha256:${sha256} among its subjects`);
    return failed('subjects', 'SUBJECT_MISMATCH', `no subject of the statement is sha256:${sha256}`, { actual: sha256 });
  } catch (error) {
    if (!isProofError(error)) throw error;
    return failed('subjects', 'STATEMENT_INVALID', error.message, error.details);
  }
}
