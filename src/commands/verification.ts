import { ProofError } from '../errors';
import { isCI } from '../env';
import { joinPosix } from '../files';
import { artifactMatcher } from '../hash';
import type { CertificateClaims } from '../model/certificate-claims';
import { sha256Hex } from '../model/digest';
import { ruleName } from '../model/policy';
import { PROOF_FILES, type Project } from '../model/project';
import type { SplitSubjects } from '../model/subjects';
import type { Rule, Statement } from '../model/types';
import { CHECKS, resultOf, type Check, type Checks, type Verdict, type VerifiedSigner } from '../model/verdict';
import { buildVsa } from '../model/vsa';
import * as checks from '../verify';
import { Attempts } from './attempts';
import { currentSources } from './current-sources';
import { followDependency, findCycle } from './dependencies';
import { judgeSignature } from './judge-signature';
import type { Judgement, Run } from './run';
import { verifyArtifacts, type ArtifactFinding } from './verify-artifacts';
import { readProofFiles, type ProofFiles } from './verify-files';

/** The proof that is being judged. */
interface Case {
  readonly run: Run;
  readonly project: Project;
  readonly proof: ProofFiles;
  /** Whether the bundle was given by its path, without a `.proof` folder around it. */
  readonly isLoose: boolean;
}

/** What is known once the signature has been verified. */
interface Signed {
  readonly signer: VerifiedSigner;
  readonly statementSha256: string;
  readonly statement?: Statement;
  readonly artifacts?: ArtifactFinding;
}

/**
 * Judges one proof, check by check. Nothing of the payload is used before its signature has been verified, and nothing of the statement before it has
 * been found to be one about this project; from there on all checks run, so that one report names everything.
 * @param loose absolute path of a bundle outside of the project's `.proof`
 * @throws ProofError when a check could not be made and no other failed
 */
export async function judgeProof(run: Run, project: Project, loose?: string): Promise<Judgement> {
  if (run.session.env.signal.aborted) throw new ProofError('ABORTED', `interrupted before the proof of ${project.name} was verified`);
  const proof = await readProofFiles(run.session.workspace.root, project, loose);
  const subject: Case = { run, project, proof, isLoose: loose !== undefined };

  const { check: bundle, bundle: parsed } = checks.checkBundle(proof.bundle);
  if (parsed === undefined) return conclude(subject, { ...checks.notReached('bundle'), bundle });

  const rule = run.rule(project);
  const name = rule === undefined ? '' : ruleName(run.policy.policy, rule);
  const refusal = checks.refuseRule(rule, name, project.name, isCI(run.session.env));
  if (rule === undefined || refusal !== undefined) return conclude(subject, { ...checks.notReached('signature'), bundle, ...(refusal && { signature: refusal }) });

  const found = await judgeSignature(run, parsed, rule, name);
  const statementSha256 = sha256Hex(parsed.payload);
  if ('refusal' in found) {
    const { refusal, signer } = found;
    return conclude(subject, { ...checks.notReached(refusal.identity === undefined ? 'signature' : 'identity'), bundle, ...refusal }, signer && { signer, statementSha256 });
  }
  const { signer, issuer, claims } = found;
  const signed: Signed = { signer, statementSha256 };
  const { check: statement, predicate, ...read } = checks.checkStatement(parsed.payload, expectation(project));
  const before = { bundle, ...found.checks, statement, predicate };
  if (read.statement === undefined || read.subjects === undefined) {
    return conclude(subject, { ...checks.notReached(predicate.status === 'failed' ? 'predicate' : 'statement'), ...before }, signed);
  }
  return judgeStatement(subject, { rule, name, issuer, claims, statement: read.statement, subjects: read.subjects }, before, signed);
}

/** What the verifier itself knows of the project's statement. */
function expectation(project: Project): Parameters<typeof checks.checkStatement>[1] {
  return { project, manifest: joinPosix(project.root, PROOF_FILES.manifest), matcher: (patterns) => artifactMatcher(patterns, project) };
}

type Before = Pick<Checks, 'bundle' | 'signature' | 'identity' | 'statement' | 'predicate'>;

interface Content {
  readonly rule: Rule;
  readonly name: string;
  /** Who signed, as the attestation of a proof envelope names it. */
  readonly issuer: string;
  /** Of the certificate that signed. */
  readonly claims: CertificateClaims | undefined;
  readonly statement: Statement;
  readonly subjects: SplitSubjects;
}

/** The checks that compare the verified statement with the world. */
async function judgeStatement(subject: Case, content: Content, before: Before, signed: Signed): Promise<Judgement> {
  const { run, project } = subject;
  const { rule, name, claims, statement, subjects } = content;
  const attempts = new Attempts();
  let artifacts: ArtifactFinding | undefined;
  const all: Checks = {
    ...before,
    subjects: await attempts.make('subjects', async () => (artifacts = await verifyArtifacts(run.session, project, statement, subjects)).check),
    envelope: await attempts.make('envelope', () => judgeEnvelope(subject, content, artifacts)),
    builder: checks.checkBuilder(statement, rule, name, claims),
    source: checks.checkSource(statement, rule, name, claims),
    freshness: await attempts.make('freshness', async () => checks.checkFreshness(statement, project.name, await currentSources(run.session, project))),
    dependencies: await attempts.make('dependencies', () =>
      checks.checkDependencies({ statement, project, rule, cycle: () => findCycle(run, project), verify: (dependency) => followDependency(run, dependency) }),
    ),
  };
  attempts.throwUnlessRefused(all);
  return conclude(subject, all, { ...signed, statement, ...(artifacts === undefined ? {} : { artifacts }) });
}

function judgeEnvelope({ proof, isLoose }: Case, { statement, subjects, issuer }: Content, artifacts: ArtifactFinding | undefined): Check<'envelope'> {
  if (proof.envelope !== undefined) {
    const merkleRoot = artifacts?.summary?.merkleRoot;
    return checks.checkEnvelope({ bytes: proof.envelope, bundle: proof.bundle, statement, subjects, issuer, merkleRoot });
  }
  if (isLoose) return checks.unchecked('envelope', 'there is no proof envelope beside the bundle');
  return checks.failed('envelope', 'ENVELOPE_MISMATCH', `${PROOF_FILES.signedEnvelope} is missing`, { path: PROOF_FILES.signedEnvelope });
}

function conclude({ run, project, proof }: Case, all: Checks, signed?: Signed): Judgement {
  const { uri, sha256 } = run.policy;
  const summary = signed?.artifacts?.summary;
  const verdict: Verdict = {
    project: project.name,
    result: resultOf(all),
    checks: CHECKS.map((name) => all[name]),
    ...(signed === undefined ? {} : { signer: signed.signer, statementSha256: signed.statementSha256 }),
    ...(summary === undefined ? {} : { subjects: { files: summary.files, bytes: summary.bytes } }),
    policy: { uri, sha256 },
  };
  if (signed?.statement === undefined) return { verdict };
  const bundle = { uri: proof.uri, sha256: sha256Hex(proof.bundle) };
  const time = run.session.env.now();
  return { verdict, vsa: buildVsa({ project, result: verdict.result, statement: signed.statement, policy: { uri, sha256 }, bundle, time }) };
}
