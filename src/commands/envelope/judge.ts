import { isCI } from '../../env';
import { ProofError } from '../../errors';
import { attestationKind } from '../../model/attestation';
import { sha256Hex } from '../../model/digest';
import { envelopeBinding } from '../../model/envelope';
import { ruleName } from '../../model/policy';
import type { Project } from '../../model/project';
import type { ProofEnvelope } from '../../model/types';
import { ENVELOPE_CHECKS, envelopeResultOf, type Check, type EnvelopeChecks, type EnvelopeVerdict, type VerifiedSigner } from '../../model/verdict';
import * as checks from '../../verify';
import { Attempts } from '../attempts';
import { judgeSignature } from '../judge-signature';
import type { Run } from '../run';
import type { Session } from '../session';
import { namedFiles } from './files';
import { inspectEvidence, inspectFiles } from './inspect';
import type { Bounds, LocatedFile } from './locate';

/** The rule that counts, and for what. */
export interface Jurisdiction {
  readonly run: Run;
  readonly project: Project;
  /** Does the file lie in the project? */
  readonly has: (file: LocatedFile) => boolean;
}

/** An envelope to judge, and by what. */
export interface EnvelopeCase {
  /** As the verdict names it. */
  readonly proof: string;
  readonly envelope: ProofEnvelope;
  readonly session: Session;
  readonly bounds: Bounds;
  /** Asked for when there is a signature to judge. @throws ProofError when there is no policy, or the proof lies in no project */
  readonly jurisdiction: () => Jurisdiction;
  readonly allowUnsigned: boolean;
}

/** What became of the attestation. */
interface Attested {
  readonly checks: Omit<EnvelopeChecks, 'envelope' | 'subjects' | 'evidence'>;
  readonly isUnsigned?: boolean;
  /** Set when the attestation itself is wrong. */
  readonly envelope?: Check<'envelope'> | undefined;
  readonly signed?: { readonly signer: VerifiedSigner; readonly statementSha256: string };
  readonly by?: Jurisdiction;
}

/**
 * Judges one envelope: its files and evidence as they are on disk, and its signature by the verifier's rule. The statement comes from the payload whose
 * signature was verified, and must be the one that this envelope gives.
 * @throws ProofError when a check could not be made and no other failed
 */
export async function judgeEnvelope(subject: EnvelopeCase): Promise<EnvelopeVerdict> {
  const { session, bounds, envelope, proof } = subject;
  if (session.env.signal.aborted) throw new ProofError('ABORTED', `interrupted before ${proof} was verified`);
  const attempts = new Attempts();
  let attested: Attested = { checks: checks.attestationNotReached('signature') };
  const [subjects, evidence, signature] = await Promise.all([
    attempts.make('subjects', () => inspectFiles(session, bounds, envelope)),
    attempts.make('evidence', () => inspectEvidence(session, bounds, envelope)),
    attempts.make('signature', async () => (attested = await judgeAttestation(subject)).checks.signature),
  ]);
  const form = attested.envelope ?? checks.passed('envelope', `cortex-os/proof-artifact ${envelope.specVersion}`);
  const all: EnvelopeChecks = { ...attested.checks, envelope: form, subjects, evidence, signature };
  attempts.throwUnlessRefused(all);
  const result = envelopeResultOf(all, { isUnsigned: attested.isUnsigned === true, isAllowed: subject.allowUnsigned });
  return { proof, result, checks: ENVELOPE_CHECKS.map((name) => all[name]), ...facts(attested) };
}

function facts({ by, signed }: Attested): Partial<EnvelopeVerdict> {
  return { ...signed, ...(by === undefined ? {} : { project: by.project.name, policy: { uri: by.run.policy.uri, sha256: by.run.policy.sha256 } }) };
}

async function judgeAttestation(subject: EnvelopeCase): Promise<Attested> {
  const kind = attestationKind(subject.envelope);
  if (kind.kind === 'bundle') return judgeBundle(subject, kind.bytes);
  if (kind.kind === 'invalid') {
    return { checks: checks.attestationNotReached('envelope'), envelope: checks.failed('envelope', 'ENVELOPE_MISMATCH', kind.problem, { field: '/attestations' }) };
  }
  const message = kind.kind === 'none' ? 'unsigned: the envelope has no attestation' : 'unsigned: an attestation over the envelope itself proves nothing';
  const signature = subject.allowUnsigned ? checks.unchecked('signature', `${message}; hashes alone decide`) : checks.failed('signature', 'SIGNATURE_MISSING', message);
  return { isUnsigned: true, checks: { ...checks.attestationNotReached('signature'), signature } };
}

/** What the bundle of the attestation proves. Nothing of its payload is used before the signature has been verified. */
async function judgeBundle(subject: EnvelopeCase, bytes: Buffer): Promise<Attested> {
  const { check: bundle, bundle: parsed } = checks.checkBundle(bytes);
  if (parsed === undefined) return { checks: { ...checks.attestationNotReached('bundle'), bundle } };
  const by = subject.jurisdiction();
  const { run, project } = by;
  const rule = run.rule(project);
  const name = rule === undefined ? '' : ruleName(run.policy.policy, rule);
  const refusal = checks.refuseRule(rule, name, project.name, isCI(run.session.env));
  if (rule === undefined || refusal !== undefined) return { by, checks: { ...checks.attestationNotReached('signature'), bundle, ...(refusal && { signature: refusal }) } };
  const found = await judgeSignature(run, parsed, rule, name);
  const statementSha256 = sha256Hex(parsed.payload);
  if ('refusal' in found) {
    const { refusal: refused, signer } = found;
    const after = checks.attestationNotReached(refused.identity === undefined ? 'signature' : 'identity');
    return { by, checks: { ...after, bundle, ...refused }, ...(signer && { signed: { signer, statementSha256 } }) };
  }
  const signed = { signer: found.signer, statementSha256 };
  const { check: statement, predicate, statement: read } = checks.checkEnvelopeStatement(parsed.payload, await expectation(subject, by));
  const before = { bundle, ...found.checks, statement, predicate };
  if (read === undefined) return { by, signed, checks: { ...checks.attestationNotReached(predicate.status === 'failed' ? 'predicate' : 'statement'), ...before } };
  const claims = { builder: checks.checkBuilder(read, rule, name, found.claims), source: checks.checkSource(read, rule, name, found.claims) };
  return { by, signed, checks: { ...before, ...claims }, envelope: checks.refuseAttestation(subject.envelope, found.issuer) };
}

async function expectation({ envelope, bounds }: EnvelopeCase, { project, has }: Jurisdiction): Promise<checks.ExpectedEnvelopeStatement> {
  const named = await namedFiles(bounds, envelope);
  const foreign = named.filter(({ file }) => !has(file)).map(({ file }) => file.name);
  const files = named.map(({ file, sha256 }) => ({ name: file.name, sha256 }));
  return { envelope, envelopeSha256: envelopeBinding(envelope), files, project: { name: project.name, foreign } };
}
