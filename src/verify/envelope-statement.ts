import { buildEnvelopeStatement, ENVELOPE_BUILD_TYPE, type EnvelopeStatement, type EnvelopeStatementInput } from '../model/envelope-statement';
import { jsonDocument } from '../model/json';
import type { Check } from '../model/verdict';
import { failed, NameList, passed, unchecked } from './check';
import { checkPredicate, member, parsePayload, shown } from './predicate';

export interface EnvelopeStatementFinding {
  readonly check: Check<'statement'>;
  readonly predicate: Check<'predicate'>;
  /** Absent when the check failed. */
  readonly statement?: EnvelopeStatement;
}

export interface ExpectedEnvelopeStatement extends Omit<EnvelopeStatementInput, 'builder'> {
  /** The project whose rule counts, and the files that do not lie in it. */
  readonly project: { readonly name: string; readonly foreign: readonly string[] };
}

/**
 * The payload is the statement that this very envelope gives, byte for byte, about files of the verifier's project. Only who built it is taken from
 * the payload.
 * @param payload bytes whose signature has been verified
 */
export function checkEnvelopeStatement(payload: Uint8Array, expected: ExpectedEnvelopeStatement): EnvelopeStatementFinding {
  const json = parsePayload(payload);
  if (json === undefined) return { check: failed('statement', 'STATEMENT_INVALID', 'the payload is not JSON'), predicate: unchecked('predicate', 'not reached: the payload is not JSON') };
  const predicate = checkPredicate(json, ENVELOPE_BUILD_TYPE);
  if (predicate.status === 'failed') return { check: unchecked('statement', 'not reached: its predicate is of an unknown type'), predicate };
  const statement = buildEnvelopeStatement({ ...expected, builder: builderOf(json) });
  if (!Buffer.from(jsonDocument(statement)).equals(payload)) return { check: explain(json, statement, expected.envelopeSha256), predicate };
  const foreign = NameList.of(expected.project.foreign);
  if (foreign.total > 0) {
    const message = `not in the project ${expected.project.name}, whose rule accepts the signer: ${foreign.toString()}`;
    return { check: failed('statement', 'PROJECT_MISMATCH', message, { project: expected.project.name, foreign: foreign.shown }), predicate };
  }
  return { check: passed('statement', 'the one that this proof envelope gives'), predicate, statement };
}

function builderOf(json: unknown): EnvelopeStatementInput['builder'] {
  const details = member(member(json, 'predicate'), 'runDetails');
  const [id, invocationId] = [member(member(details, 'builder'), 'id'), member(member(details, 'metadata'), 'invocationId')];
  return { id: typeof id === 'string' ? id : '', ...(typeof invocationId === 'string' ? { invocationId } : {}) };
}

/** Says in what the signed statement differs from the envelope's; that it does is established. */
function explain(json: unknown, statement: EnvelopeStatement, envelopeSha256: string): Check<'statement'> {
  const byproducts = member(member(member(json, 'predicate'), 'runDetails'), 'byproducts');
  const bound = member(member(Array.isArray(byproducts) ? byproducts[0] : undefined, 'digest'), 'sha256');
  if (bound !== envelopeSha256) {
    const message = `the statement binds the proof envelope ${shown(bound)}; this one has the sha256 ${envelopeSha256} without attestations`;
    return failed('statement', 'ENVELOPE_MISMATCH', message, { field: '/predicate/runDetails/byproducts', expected: envelopeSha256 });
  }
  const isSubject = sameJson(member(json, 'subject'), statement.subject);
  const field = isSubject ? '/' : '/subject';
  return failed('statement', 'STATEMENT_INVALID', `${field === '/' ? 'it' : field} is not what the proof envelope gives: a statement of an envelope says what the envelope says, in canonical bytes`, { field });
}

const sameJson = (a: unknown, b: unknown): boolean => a !== undefined && jsonDocument(a) === jsonDocument(b);
