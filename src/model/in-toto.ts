import { ProofError } from '../errors';
import { parseJson, repeatsMembers } from './json';

/** https://github.com/in-toto/attestation/tree/main/spec: what a subject is means the same in both versions. */
const TYPES: readonly unknown[] = ['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1'];

/**
 * The sha256 digests, in lowercase hex, of the subjects of an in-toto statement with any predicate.
 * @throws ProofError STATEMENT_INVALID naming the field, also for a statement that could be read in two ways
 */
export function readSubjectDigests(statement: Uint8Array): ReadonlySet<string> {
  const json = parseJson(statement, 'statement', 'STATEMENT_INVALID');
  if (repeatsMembers(statement, json)) refuse('/', 'has a field twice');
  const { _type: type, subject, predicateType } = objectOf(json, '/');
  if (!TYPES.includes(type)) refuse('/_type', `is ${JSON.stringify(type) ?? 'missing'}; it must be one of ${TYPES.join(', ')}`);
  if (typeof predicateType !== 'string' || predicateType === '') refuse('/predicateType', 'must be a string');
  if (!Array.isArray(subject) || subject.length === 0) return refuse('/subject', 'must have a subject');
  const digests = (subject as unknown[]).map((each, index) => objectOf(objectOf(each, `/subject/${index}`)['digest'], `/subject/${index}/digest`)['sha256']);
  return new Set(digests.filter((digest): digest is string => typeof digest === 'string' && /^[0-9a-f]{64}$/.test(digest)));
}

function objectOf(value: unknown, field: string): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : refuse(field, 'must be an object');
}

function refuse(field: string, problem: string): never {
  throw new ProofError('STATEMENT_INVALID', `statement: ${field} ${problem}`, { details: { field } });
}
