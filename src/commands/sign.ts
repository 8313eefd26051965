import { ProofError, toProofError } from '../errors';
import { publish } from '../events';
import { joinPosix, readDocument, toNative, writeFileAtomic } from '../files';
import { artifactMatcher } from '../hash';
import { detectBuilder } from '../model/builder';
import { sha256Hex } from '../model/digest';
import { attestEnvelope, envelopeBinding, readEnvelope } from '../model/envelope';
import { jsonDocument } from '../model/json';
import { PROOF_FILES, type Project } from '../model/project';
import { DESCRIPTOR, findDescriptor, readStatement } from '../model/statement';
import type { SplitSubjects } from '../model/subjects';
import type { ProofEnvelope, Statement } from '../model/types';
import type { Check } from '../model/verdict';
import type { StatementSigner } from '../sign';
import { linkTrace, operation, type Operation } from '../telemetry';
import { checkFreshness, checkStatement } from '../verify';
import { currentSources } from './current-sources';
import type { Session } from './session';
import { verifyArtifacts } from './verify-artifacts';

export interface SignRequest {
  readonly project: Project;
  readonly signer: StatementSigner;
}

export interface SignResult {
  readonly project: string;
  readonly statementSha256: string;
  readonly bundleSha256: string;
  /** `key:sha256:<fingerprint>`. */
  readonly issuer: string;
}

/** What is to be signed, and what of it has been checked. */
interface Unsigned {
  readonly bytes: Buffer;
  readonly statement: Statement;
  readonly subjects: SplitSubjects;
}

/**
 * Signs the statement in `.proof/create/`, byte for byte, and writes bundle and envelope to `.proof/sign/`. Nothing is given to the signer before the
 * statement has been found to be this builder's, about this project, and true of the artifacts as they are now.
 * @throws ProofError STATEMENT_NOT_FOUND, JSON_INVALID, FILE_TOO_LARGE, STATEMENT_INVALID, BUILDER_MISMATCH, PROJECT_MISMATCH, ENVELOPE_INVALID,
 * ENVELOPE_MISMATCH, SUBJECT_CHANGED, SOURCE_MISMATCH, GIT_REQUIRED, SIGNATURE_INVALID, IO_ERROR, FILE_CHANGED, ABORTED
 */
export async function signProof(session: Session, request: SignRequest): Promise<SignResult> {
  try {
    return await operation(session.env, 'sign', (current) => sign(session, request, current));
  } catch (error) {
    throw toProofError(error, `project ${request.project.name}`);
  }
}

async function sign(session: Session, { project, signer }: SignRequest, current: Operation): Promise<SignResult> {
  const unsigned = await readUnsigned(session, project);
  const envelope = await readBoundEnvelope(session, project, unsigned.statement);
  linkTrace(envelope.trace);
  current.note('signer', signer.issuer.startsWith('key:') ? 'key' : 'certificate');
  await requireUnchanged(session, project, unsigned);
  await requireFresh(session, project, unsigned.statement);
  const bundle = await signer.sign(unsigned.bytes);
  // A key or device that is broken, or a signer that signs something else, is found out here and not by those who verify.
  if (!(await signer.verify(bundle)).equals(unsigned.bytes)) {
    throw new ProofError('SIGNATURE_INVALID', `project ${project.name}: ${signer.issuer} signed something else than the statement`, { details: { project: project.name } });
  }
  await writeFileAtomic(fileOf(session, project, PROOF_FILES.bundle), bundle);
  await writeFileAtomic(fileOf(session, project, PROOF_FILES.signedEnvelope), jsonDocument(attestEnvelope(envelope, bundle, signer.issuer)));
  const result: SignResult = { project: project.name, statementSha256: sha256Hex(unsigned.bytes), bundleSha256: sha256Hex(bundle), issuer: signer.issuer };
  publish('nx-proof:signed', { ...result, bundle: joinPosix(project.root, PROOF_FILES.bundle) });
  return result;
}

/** The statement, if it was made by the builder that signs and is about this project. */
async function readUnsigned(session: Session, project: Project): Promise<Unsigned> {
  const bytes = await readDocument(fileOf(session, project, PROOF_FILES.statement), { missing: 'STATEMENT_NOT_FOUND', what: `statement of the project ${project.name}` });
  const statement = readStatement(bytes);
  requireBuilder(session, project, statement);
  const manifest = joinPosix(project.root, PROOF_FILES.manifest);
  const { check, subjects } = checkStatement(bytes, { project, manifest, matcher: (patterns) => artifactMatcher(patterns, project) });
  if (subjects === undefined) throw refusal(project, check, check.code ?? 'STATEMENT_INVALID', check.message);
  return { bytes, statement, subjects };
}

/** A proof that was made elsewhere, say restored from a shared cache, does not become this builder's by its signature. */
function requireBuilder(session: Session, project: Project, statement: Statement): void {
  const { id } = detectBuilder(session.env.env);
  const found = statement.predicate.runDetails.builder.id;
  if (found === id) return;
  const details = { project: project.name, field: '/predicate/runDetails/builder/id', expected: id, actual: found };
  throw new ProofError('BUILDER_MISMATCH', `project ${project.name}: the statement was made by the builder ${JSON.stringify(found)}; this is ${id}`, { details });
}

/** The unsigned proof envelope, if it is the one that the statement binds. */
async function readBoundEnvelope(session: Session, project: Project, statement: Statement): Promise<ProofEnvelope> {
  const bytes = await readDocument(fileOf(session, project, PROOF_FILES.unsignedEnvelope), { missing: 'STATEMENT_NOT_FOUND', what: `proof envelope of the project ${project.name}` });
  const envelope = readEnvelope(bytes);
  const bound = findDescriptor(statement.predicate.runDetails.byproducts, DESCRIPTOR.envelope)?.digest?.['sha256'];
  const actual = envelopeBinding(envelope);
  if (actual === bound) return envelope;
  const message = `project ${project.name}: ${PROOF_FILES.unsignedEnvelope} has the sha256 ${actual}; the statement binds ${bound ?? 'none'}`;
  throw new ProofError('ENVELOPE_MISMATCH', message, { details: { project: project.name, path: PROOF_FILES.unsignedEnvelope, expected: bound, actual } });
}

/** Digests the artifacts that the statement names anew. */
async function requireUnchanged(session: Session, project: Project, { statement, subjects }: Unsigned): Promise<void> {
  const { check } = await verifyArtifacts(session, project, statement, subjects);
  if (check.status !== 'passed') throw refusal(project, check, 'SUBJECT_CHANGED', `the artifacts changed after the statement was made: ${check.message}`);
}

/** A build of other sources is not signed as one of these; where there is no git, the signer's word is all there is. */
async function requireFresh(session: Session, project: Project, statement: Statement): Promise<void> {
  const check = checkFreshness(statement, project.name, await currentSources(session, project));
  if (check.status === 'failed') throw refusal(project, check, 'SOURCE_MISMATCH', check.message);
}

function refusal(project: Project, { details }: Check, code: ProofError['code'], message: string): ProofError {
  return new ProofError(code, `project ${project.name}: ${message}`, { details: { project: project.name, ...details } });
}

function fileOf(session: Session, project: Project, name: string): string {
  return toNative(session.workspace.root, joinPosix(project.root, name));
}
