import { normaliseRepository } from '../model/repository';
import { DESCRIPTOR, findDescriptor } from '../model/statement';
import type { Rule, Statement } from '../model/types';
import type { Check, RefusalCode } from '../model/verdict';
import { asserted, failed, unchecked } from './check';

/** What a statement says of itself, and what the rule demands of it. */
interface Claim {
  readonly field: string;
  readonly found: string | undefined;
  readonly required: string | undefined;
  readonly code: RefusalCode;
  readonly same: (found: string, required: string) => boolean;
}

const exactly = (found: string, required: string): boolean => found === required;

/** `runDetails.builder.id` against the rule's `builderId`. A key vouches for no builder: what it signed is asserted. */
export function checkBuilder(statement: Statement, rule: Rule, ruleName: string): Check<'builder'> {
  const { id } = statement.predicate.runDetails.builder;
  const details = { builderId: id };
  const wrong = refuseClaim({ field: 'builderId', found: id, required: rule.builderId, code: 'BUILDER_NOT_ALLOWED', same: exactly }, rule, ruleName);
  if (wrong !== undefined) return failed('builder', wrong.code, wrong.message, details);
  return asserted('builder', `the statement names the builder ${id}; no certificate vouches for it`, details);
}

/** The repository and ref of the source against the rule's `sourceRepository` and `sourceRef`; asserted as the builder is. */
export function checkSource(statement: Statement, rule: Rule, ruleName: string): Check<'source'> {
  const repository = findDescriptor(statement.predicate.buildDefinition.resolvedDependencies, DESCRIPTOR.repository);
  const { uri } = repository ?? {};
  const commit = repository?.digest?.['gitCommit'];
  const details = { ...(uri === undefined ? {} : { repository: uri }), ...(commit === undefined ? {} : { commit }) };
  const claims: Claim[] = [
    { field: 'sourceRepository', found: uri, required: rule.sourceRepository, code: 'SOURCE_NOT_ALLOWED', same: sameRepository },
    // The statement has no ref: only a certificate of a CI job does.
    { field: 'sourceRef', found: undefined, required: rule.sourceRef, code: 'SOURCE_NOT_ALLOWED', same: exactly },
  ];
  for (const claim of claims) {
    const wrong = refuseClaim(claim, rule, ruleName);
    if (wrong !== undefined) return failed('source', wrong.code, wrong.message, details);
  }
  if (uri === undefined) return unchecked('source', `the statement names no repository${commit === undefined ? '' : `, only the commit ${commit}`}`, details);
  const dirty = repository?.annotations?.['dirty'] === true ? ', with changes that were not committed' : '';
  return asserted('source', `the statement names ${uri}${commit === undefined ? '' : ` at ${commit}`}${dirty}; no certificate vouches for it`, details);
}

const sameRepository = (found: string, required: string): boolean => {
  const repository = normaliseRepository(found);
  return repository !== undefined && repository === normaliseRepository(required);
};

function refuseClaim({ field, found, required, code, same }: Claim, rule: Rule, ruleName: string): { code: RefusalCode; message: string } | undefined {
  if (required === undefined) return undefined;
  const demand = `${ruleName} requires ${field} ${required}`;
  if (found === undefined) return { code, message: `${demand}, and the statement names none` };
  if (!same(found, required)) return { code, message: `${demand}; the statement names ${found}` };
  if (rule.acceptAsserted === true) return undefined;
  return { code: 'CLAIM_ASSERTED', message: `${demand}; the statement says so, but a key does not vouch for it` };
}
