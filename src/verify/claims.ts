import type { CertificateClaims } from '../model/certificate-claims';
import { normaliseRepository } from '../model/repository';
import { DESCRIPTOR, findDescriptor } from '../model/statement';
import type { ResourceDescriptor, Rule } from '../model/types';
import type { Check, RefusalCode } from '../model/verdict';
import { asserted, failed, passed, unchecked } from './check';

/** The claims of a statement of either build type. */
interface Claiming {
  readonly predicate: {
    readonly buildDefinition: { readonly resolvedDependencies: readonly ResourceDescriptor[] };
    readonly runDetails: { readonly builder: { readonly id: string } };
  };
}

/** What a statement says of itself, and what the rule demands of it. */
interface Claim {
  readonly field: string;
  readonly found: string | undefined;
  readonly required: string | undefined;
  readonly code: RefusalCode;
  readonly same: (found: string, required: string) => boolean;
  /** Whether a certificate says so, or the statement of itself. */
  readonly isVouched: boolean;
}

const exactly = (found: string, required: string): boolean => found === required;

/**
 * `runDetails.builder.id` against the rule's `builderId`. A certificate of a CI job vouches for the builder, and the statement must name the same; for
 * what others signed it is asserted.
 */
export function checkBuilder(statement: Claiming, rule: Rule, ruleName: string, vouched?: CertificateClaims): Check<'builder'> {
  const { id } = statement.predicate.runDetails.builder;
  const details = { builderId: id };
  if (vouched?.builder !== undefined && vouched.builder !== id) {
    return failed('builder', 'BUILDER_MISMATCH', `the statement names the builder ${id}; the certificate is of ${vouched.builder}`, { ...details, certificate: vouched.builder });
  }
  const isVouched = vouched?.builder !== undefined;
  const wrong = refuseClaim({ field: 'builderId', found: id, required: rule.builderId, code: 'BUILDER_NOT_ALLOWED', same: exactly, isVouched }, rule, ruleName);
  if (wrong !== undefined) return failed('builder', wrong.code, wrong.message, details);
  if (isVouched) return passed('builder', `the builder ${id}, as the certificate says`, details);
  return asserted('builder', `the statement names the builder ${id}; no certificate vouches for it`, details);
}

/** The repository, the commit and the ref of the source against the rule's `sourceRepository` and `sourceRef`; vouched for or asserted as the builder is. */
export function checkSource(statement: Claiming, rule: Rule, ruleName: string, vouched?: CertificateClaims): Check<'source'> {
  const repository = findDescriptor(statement.predicate.buildDefinition.resolvedDependencies, DESCRIPTOR.repository);
  const { uri } = repository ?? {};
  const commit = repository?.digest?.['gitCommit'];
  const details = { ...(uri === undefined ? {} : { repository: uri }), ...(commit === undefined ? {} : { commit }), ...(vouched?.ref === undefined ? {} : { ref: vouched.ref }) };
  const mismatch = findMismatch({ uri, commit }, vouched);
  if (mismatch !== undefined) return failed('source', 'SOURCE_NOT_ALLOWED', mismatch, details);
  const isVouched = vouched?.repository !== undefined;
  const claims: Claim[] = [
    { field: 'sourceRepository', found: vouched?.repository ?? uri, required: rule.sourceRepository, code: 'SOURCE_NOT_ALLOWED', same: sameRepository, isVouched },
    // The statement has no ref: only a certificate of a CI job does.
    { field: 'sourceRef', found: vouched?.ref, required: rule.sourceRef, code: 'SOURCE_NOT_ALLOWED', same: exactly, isVouched: true },
  ];
  for (const claim of claims) {
    const wrong = refuseClaim(claim, rule, ruleName);
    if (wrong !== undefined) return failed('source', wrong.code, wrong.message, details);
  }
  if (uri === undefined) return unchecked('source', `the statement names no repository${commit === undefined ? '' : `, only the commit ${commit}`}`, details);
  const dirty = repository?.annotations?.['dirty'] === true ? ', with changes that were not committed' : '';
  const named = `${uri}${commit === undefined ? '' : ` at ${commit}`}${dirty}`;
  if (isVouched && (commit === undefined || vouched.commit !== undefined)) return passed('source', `${named}, as the certificate says`, details);
  return asserted('source', `the statement names ${named}; no certificate vouches for it`, details);
}

/** What the statement names must be what the certificate vouches for; what it leaves out claims nothing. */
function findMismatch({ uri, commit }: { readonly uri: string | undefined; readonly commit: string | undefined }, vouched: CertificateClaims | undefined): string | undefined {
  if (vouched?.repository !== undefined && uri !== undefined && !sameRepository(uri, vouched.repository)) return `the statement names ${uri}; the certificate is of a job of ${vouched.repository}`;
  if (vouched?.commit !== undefined && commit !== undefined && commit !== vouched.commit) return `the statement names the commit ${commit}; the certificate is of a job on ${vouched.commit}`;
  return undefined;
}

const sameRepository = (found: string, required: string): boolean => {
  const repository = normaliseRepository(found);
  return repository !== undefined && repository === normaliseRepository(required);
};

function refuseClaim({ field, found, required, code, same, isVouched }: Claim, rule: Rule, ruleName: string): { code: RefusalCode; message: string } | undefined {
  if (required === undefined) return undefined;
  const demand = `${ruleName} requires ${field} ${required}`;
  if (found === undefined) return { code, message: `${demand}, and the statement names none` };
  if (!same(found, required)) return { code, message: `${demand}; the ${isVouched ? 'certificate' : 'statement'} names ${found}` };
  if (isVouched || rule.acceptAsserted === true) return undefined;
  return { code: 'CLAIM_ASSERTED', message: `${demand}; the statement says so, but no certificate vouches for it` };
}
