import { sha256Hex } from '../model/digest';
import { DESCRIPTOR, findDescriptor } from '../model/statement';
import type { Statement } from '../model/types';
import type { Check } from '../model/verdict';
import { failed, passed, unchecked } from './check';

/** The digest of a project without a single file that git tracks or would track. */
const NOTHING = sha256Hex('');

/**
 * The proof was made from the sources that are checked out: `source:<project>` of the statement against the sha256 of those sources now.
 * @param actual undefined where there is no git repository to compare with
 */
export function checkFreshness(statement: Statement, project: string, actual: string | undefined): Check<'freshness'> {
  if (actual === undefined) return unchecked('freshness', 'freshness: unchecked; there is no git repository here, so this may be an older proof of other sources');
  const name = DESCRIPTOR.source(project);
  const proved = findDescriptor(statement.predicate.buildDefinition.resolvedDependencies, name)?.digest?.['sha256'];
  const details = { name, actual, ...(proved === undefined ? {} : { proved }) };
  if (proved === undefined) return failed('freshness', 'SOURCE_MISMATCH', `the statement has no sha256 of ${name}`, details);
  if (proved !== actual) return failed('freshness', 'SOURCE_MISMATCH', `${name} is ${actual} here; the proof was made from ${proved}`, details);
  // Last, so that sources which are gone stay a mismatch.
  if (actual === NOTHING) return unchecked('freshness', `freshness: unchecked; git knows no file of ${project}, so nothing was compared`, details);
  return passed('freshness', `made from the sources that are checked out, ${name} ${actual}`, details);
}
