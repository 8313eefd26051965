import path from 'node:path';
import type { Env } from '../../env';
import { ProofError, toProofError } from '../../errors';
import { writeFileAtomic } from '../../files';
import { compareBytes, sha256Hex } from '../../model/digest';
import { buildFileEnvelope, requireEnvelope } from '../../model/envelope';
import { jsonDocument } from '../../model/json';
import { proofTime } from '../../model/time';
import type { Actor, Context, Evidence, PolicyReceipt, ProofEnvelope, Trace } from '../../model/types';
import { operation } from '../../telemetry';
import type { Session } from '../session';
import { lookAtEvidence, type EvidenceFinding, type EvidenceInput } from './evidence';
import { bundleRoot, digestFiles, type FileAnswer } from './files';
import { locateNative, uriOf, type Bounds, type LocatedFile } from './locate';
import { refuseTargetProof } from './place';

/** What an envelope is made of. Paths are relative to the current folder, or absolute. */
export interface EnvelopeRequest {
  readonly artifact: string;
  readonly mime: string;
  readonly context: Context;
  readonly runtime: ProofEnvelope['runtime'];
  readonly evidence?: readonly EvidenceInput[];
  readonly policyReceipts?: readonly PolicyReceipt[];
  readonly trace?: Trace;
  readonly actor?: Actor;
  /** Further files that belong to the artifact. */
  readonly bundle?: readonly string[];
}

export interface MadeEnvelope {
  readonly envelope: ProofEnvelope;
  readonly files: number;
  /** Sum of the sizes of the artifact and the bundle's files. */
  readonly bytes: number;
}

/** Whom the tool before nx-proof named. */
const DEFAULT_ACTOR: Actor = { agent: 'cortex-agent', role: 'worker' };

/**
 * The proof envelope of a file, unsigned. The same request gives the same envelope under SOURCE_DATE_EPOCH.
 * @throws ProofError SUBJECT_MISSING, ARTIFACT_SYMLINK, ARTIFACT_KIND, ARTIFACT_NAME, PATH_OUTSIDE, EVIDENCE_MISMATCH, ENVELOPE_INVALID, OPTION_INVALID,
 * IO_ERROR, FILE_CHANGED, ABORTED
 */
export function makeEnvelope(session: Session, bounds: Bounds, request: EnvelopeRequest): Promise<MadeEnvelope> {
  return operation(session.env, 'create', () => make(session, bounds, request));
}

async function make(session: Session, bounds: Bounds, request: EnvelopeRequest): Promise<MadeEnvelope> {
  requireShape(request);
  const artifact = await locateNative(bounds, request.artifact);
  const bundle = await locateBundle(bounds, request.bundle ?? []);
  const [answers, evidence] = await Promise.all([digestFiles(session, [artifact, ...bundle]), lookAtEvidence(session, bounds, request.evidence ?? [], 'cwd')]);
  const [first, ...rest] = answers.map((answer, index) => requireDigest(answer, [artifact, ...bundle][index] ?? artifact));
  const files = bundle.map((file, index) => ({ name: file.name, uri: uriOf(file), sha256: rest[index]?.sha256 ?? '' }));
  const envelope = buildFileEnvelope({
    time: timeOf(session.env),
    actor: request.actor ?? DEFAULT_ACTOR,
    artifact: { uri: uriOf(artifact), mime: request.mime, sha256: first?.sha256 ?? '' },
    context: request.context,
    evidence: (request.evidence ?? []).map((entry, index) => completeEvidence(entry, evidence[index])),
    runtime: request.runtime,
    policyReceipts: request.policyReceipts,
    trace: request.trace,
    bundle: files.length === 0 ? undefined : { files: files.map(({ uri, sha256 }) => ({ uri, sha256 })), merkleRoot: bundleRoot(files) },
  });
  return { envelope: requireEnvelope(envelope), files: answers.length, bytes: [first, ...rest].reduce((sum, digest) => sum + (digest?.size ?? 0), 0) };
}

/** What was given is of the form that an envelope needs, before any file of it is read. */
function requireShape({ mime, context, runtime, evidence = [], policyReceipts, trace, actor = DEFAULT_ACTOR }: EnvelopeRequest): void {
  const given: unknown = evidence;
  const some = '0'.repeat(64);
  const complete = (entry: unknown): unknown => (typeof entry === 'object' && entry !== null && 'type' in entry && entry.type === 'file' ? { blobSha256: some, ...entry } : entry);
  requireEnvelope({
    proofSpec: 'cortex-os/proof-artifact',
    specVersion: '0.2.0',
    id: '0'.repeat(26),
    issuedAt: '1970-01-01T00:00:00Z',
    actor,
    artifact: { uri: 'workspace:/artifact', mime, contentHash: { alg: 'sha256', hex: some } },
    context,
    evidence: Array.isArray(given) ? given.map(complete) : given,
    runtime,
    ...(policyReceipts === undefined ? {} : { policyReceipts }),
    ...(trace === undefined ? {} : { trace }),
  });
}

/** Each file once, in byte order of the names. */
async function locateBundle(bounds: Bounds, files: readonly string[]): Promise<LocatedFile[]> {
  const located = await Promise.all(files.map((file) => locateNative(bounds, file)));
  return [...new Map(located.map((file) => [file.name, file])).values()].sort((a, b) => compareBytes(a.name, b.name));
}

function requireDigest(answer: FileAnswer, { name }: LocatedFile): Exclude<FileAnswer, { problem: string }> {
  if (!('problem' in answer)) return answer;
  if (answer.problem === 'missing') throw new ProofError('SUBJECT_MISSING', `there is no file ${name}`, { details: { path: name } });
  throw answer.error;
}

/** As the tool before: now; but deterministic where SOURCE_DATE_EPOCH says so. */
function timeOf({ env, now }: Env): string {
  const epoch = env['SOURCE_DATE_EPOCH'];
  return epoch === undefined || epoch === '' ? now().toISOString() : proofTime(env, now());
}

/** The entry with the digests that could be found out, and its path relative to the workspace. */
function completeEvidence(entry: EvidenceInput, found: EvidenceFinding | undefined): Evidence {
  const [problem] = found?.problems ?? [];
  if (problem !== undefined) throw new ProofError('EVIDENCE_MISMATCH', `the evidence does not hold: ${problem}`, { details: { problems: found?.problems } });
  const quote = entry.quote === undefined ? {} : { quoteSha256: sha256Hex(entry.quote) };
  if (entry.type === 'url') return { ...entry, ...quote };
  return { ...entry, ...quote, path: found?.file?.name ?? entry.path, blobSha256: found?.sha256 ?? '' };
}

/**
 * Makes the envelope and writes it.
 * @param out absolute native path; beside the artifact, with `.proof.json` added to its name, unless set
 * @returns with the absolute native path of the file
 */
export async function createEnvelope(session: Session, bounds: Bounds, request: EnvelopeRequest, out?: string): Promise<MadeEnvelope & { file: string }> {
  const file = out ?? path.resolve(bounds.cwd, `${request.artifact}.proof.json`);
  refuseTargetProof(bounds.root, file);
  try {
    const made = await makeEnvelope(session, bounds, request);
    await writeFileAtomic(file, jsonDocument(made.envelope));
    return { ...made, file };
  } catch (error) {
    throw toProofError(error, request.artifact);
  }
}
