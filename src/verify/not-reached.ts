import type { CheckName, Checks, EnvelopeChecks } from '../model/verdict';
import { unchecked } from './check';

/** All checks as not reached because another one failed: what a verdict starts from, so that a check left out cannot pass. */
export function notReached(after: CheckName): Checks {
  const message = `not reached: the check "${after}" failed`;
  return {
    bundle: unchecked('bundle', message),
    signature: unchecked('signature', message),
    statement: unchecked('statement', message),
    subjects: unchecked('subjects', message),
    envelope: unchecked('envelope', message),
    identity: unchecked('identity', message),
    predicate: unchecked('predicate', message),
    builder: unchecked('builder', message),
    source: unchecked('source', message),
    freshness: unchecked('freshness', message),
    dependencies: unchecked('dependencies', message),
  };
}

/** The same of the checks of a proof envelope's attestation. */
export function attestationNotReached(after: CheckName): Omit<EnvelopeChecks, 'envelope' | 'subjects' | 'evidence'> {
  const { bundle, signature, statement, identity, predicate, builder, source } = notReached(after);
  return { bundle, signature, statement, identity, predicate, builder, source };
}
