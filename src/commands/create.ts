import { rm } from 'node:fs/promises';
import { ProofError } from '../errors';
import { joinPosix, lstatIfExists, readDocument, toNative, writeFileAtomic } from '../files';
import { digestArtifacts, resolveArtifacts, type ArtifactDigests, type HashOptions } from '../hash';
import { detectBuilder } from '../model/builder';
import { sha256Hex, type FileDigest } from '../model/digest';
import { buildEnvelope, envelopeBinding } from '../model/envelope';
import { jsonDocument } from '../model/json';
import { LOCKFILES } from '../model/lockfiles';
import { manifestBytes } from '../model/manifest';
import { PROOF_FILES, type Project } from '../model/project';
import { buildStatement, type StatementInput } from '../model/statement';
import type { CreateOptions, ProofEnvelope } from '../model/types';
import { proofTime } from '../model/time';
import { linkTrace, operation } from '../telemetry';
import { otherRoots, type Session } from './session';

/** A statement names at most this many files; more are collapsed into one manifest. */
export const MAX_FILE_SUBJECTS = 1000;

export interface CreateRequest {
  readonly project: Project;
  readonly target: string;
  readonly configuration?: string;
  readonly options: Omit<CreateOptions, 'artifacts' | 'buildTarget'>;
  readonly versions: { readonly nx: string; readonly nxProof: string };
}

export interface CreateResult {
  readonly project: string;
  readonly statementSha256: string;
  readonly files: number;
  /** Sum of the sizes of the artifact files. */
  readonly bytes: number;
  /** True when the files are named by create/manifest.json instead of one subject each. */
  readonly collapsed: boolean;
}

interface Artifacts {
  /** What the statement and envelope name: the files, or only the manifest. */
  readonly files: readonly FileDigest[];
  readonly collapsed: boolean;
  readonly summary: ReturnType<ArtifactDigests['summary']>;
}

/**
 * Writes the statement and the unsigned proof envelope of one project to `.proof/create/`.
 * @throws ProofError OUTPUTS_UNDECLARED, ARTIFACTS_EMPTY, ARTIFACT_*, NESTED_PACKAGE, GIT_REQUIRED, FILE_CHANGED, IO_ERROR
 */
export function createProof(session: Session, request: CreateRequest): Promise<CreateResult> {
  return operation(session.env, 'create', () => create(session, request));
}

async function create(session: Session, request: CreateRequest): Promise<CreateResult> {
  const { project } = request;
  linkTrace(request.options.trace);
  const artifacts = await digestProject(session, request);
  const { envelope, statement } = await describe(session, request, artifacts);
  const bytes = jsonDocument(statement);
  const file = (name: string): string => toNative(session.workspace.root, joinPosix(project.root, name));
  await writeFileAtomic(file(PROOF_FILES.unsignedEnvelope), jsonDocument(envelope));
  await writeFileAtomic(file(PROOF_FILES.statement), bytes);
  if (!artifacts.collapsed) await rm(file(PROOF_FILES.manifest), { force: true });
  const { files, bytes: size } = artifacts.summary;
  return { project: project.name, statementSha256: sha256Hex(bytes), files, bytes: size, collapsed: artifacts.collapsed };
}

/** Digests every artifact once; beyond MAX_FILE_SUBJECTS files the digests stream into the manifest. */
async function digestProject(session: Session, { project, target, options }: CreateRequest): Promise<Artifacts> {
  if (project.artifacts === undefined) {
    throw new ProofError('OUTPUTS_UNDECLARED', `project ${project.name}: the target ${target} declares no outputs`, { details: { project: project.name, target } });
  }
  const { root } = session.workspace;
  const scope = { root, project, patterns: project.artifacts, members: otherRoots(session.workspace, project) };
  const hashing: HashOptions = { signal: session.env.signal, ...(options.sha512 === true ? { sha512: true } : {}) };
  const digests = digestArtifacts(session.hasher, scope, await resolveArtifacts(scope), hashing);
  const iterator = digests[Symbol.asyncIterator]();
  try {
    const files = await take(iterator, MAX_FILE_SUBJECTS + 1);
    if (files.length <= MAX_FILE_SUBJECTS) return { files, collapsed: false, summary: digests.summary() };
    const manifest = await writeManifest(session, project, chain(files, iterator), hashing);
    return { files: [manifest], collapsed: true, summary: digests.summary() };
  } finally {
    await iterator.return?.();
  }
}

async function take<T>(iterator: AsyncIterator<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  while (taken.length < count) {
    const next = await iterator.next();
    if (next.done === true) break;
    taken.push(next.value);
  }
  return taken;
}

async function* chain<T>(first: readonly T[], rest: AsyncIterator<T>): AsyncGenerator<T> {
  yield* first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

async function writeManifest(session: Session, project: Project, files: AsyncIterable<FileDigest>, hashing: HashOptions): Promise<FileDigest> {
  const path = joinPosix(project.root, PROOF_FILES.manifest);
  await writeFileAtomic(toNative(session.workspace.root, path), manifestBytes(files));
  for await (const digest of session.hasher.hash(session.workspace.root, [path], hashing)) return digest;
  throw new ProofError('IO_ERROR', `${path} was not hashed`);
}

async function describe(session: Session, request: CreateRequest, artifacts: Artifacts): Promise<{ envelope: ProofEnvelope; statement: ReturnType<typeof buildStatement> }> {
  const [checkout, digestOf] = await Promise.all([session.source.checkout(), session.source.digests()]);
  const builder = detectBuilder(session.env.env);
  const time = proofTime(session.env.env, checkout.commitTime);
  const envelope = buildProjectEnvelope(request, artifacts, time, builder.invocationId);
  const { project } = request;
  const input: StatementInput = {
    files: artifacts.files,
    folders: artifacts.summary.folders,
    project,
    target: request.target,
    configuration: request.configuration,
    artifacts: project.artifacts ?? [],
    versions: request.versions,
    builder,
    time,
    source: { repository: checkout.repository, commit: checkout.commit, dirty: checkout.dirty, sha256: digestOf(project.name) },
    lockfile: await digestLockfile(session),
    dependencies: await digestDependencies(session, project),
    envelopeSha256: envelopeBinding(envelope),
  };
  return { envelope, statement: buildStatement(input) };
}

function buildProjectEnvelope({ project, target, configuration, options, versions }: CreateRequest, artifacts: Artifacts, time: string, runId: string | undefined): ProofEnvelope {
  const described = { project: project.name, target, ...(configuration === undefined ? {} : { configuration }) };
  return buildEnvelope({
    time,
    actor: options.actor ?? { agent: 'nx-proof', role: 'builder', ...(runId === undefined ? {} : { runId }) },
    context: options.context ?? { public: described },
    evidence: options.evidence ?? [],
    tooling: { nx: versions.nx, 'nx-proof': versions.nxProof },
    policyReceipts: options.policyReceipts,
    trace: options.trace,
    files: artifacts.files,
    folders: artifacts.summary.folders,
    merkleRoot: artifacts.summary.merkleRoot,
  });
}

async function digestLockfile(session: Session): Promise<{ path: string; sha256: string } | undefined> {
  const { root } = session.workspace;
  for (const path of LOCKFILES) {
    if ((await lstatIfExists(toNative(root, path)))?.isFile() !== true) continue;
    for await (const { sha256 } of session.hasher.hash(root, [path], { signal: session.env.signal })) return { path, sha256 };
  }
  return undefined;
}

/** sha256 of the statements of the projects that this one depends on directly. */
async function digestDependencies(session: Session, project: Project): Promise<StatementInput['dependencies']> {
  const { projects, root } = session.workspace;
  if (project.dependencies === undefined) {
    throw new ProofError('GRAPH_REQUIRED', `project ${project.name}: its dependencies cannot be determined without the project graph`, { details: { project: project.name } });
  }
  const known = project.dependencies.flatMap((name) => projects.get(name) ?? []);
  return Promise.all(
    known.map(async (dependency) => {
      const file = toNative(root, joinPosix(dependency.root, PROOF_FILES.statement));
      if ((await lstatIfExists(file)) === undefined) return { name: dependency.name, root: dependency.root, sha256: undefined };
      const bytes = await readDocument(file, { missing: 'STATEMENT_NOT_FOUND', what: `statement of ${dependency.name}` });
      return { name: dependency.name, root: dependency.root, sha256: sha256Hex(bytes) };
    }),
  );
}
