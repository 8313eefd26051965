import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { isProofError } from '../errors';
import { toNative } from '../files';
import { digestArtifacts, resolveArtifacts, type ArtifactDigests, type ArtifactSummary, type HashOptions } from '../hash';
import type { FileDigest } from '../model/digest';
import { manifestBytes, manifestFiles } from '../model/manifest';
import type { Project } from '../model/project';
import type { SplitSubjects } from '../model/subjects';
import type { Statement, Subject } from '../model/types';
import type { Check } from '../model/verdict';
import { checkSubjects, compareFiles, compareFolders, compareSorted, Differences, matchesSubject, refuseArtifacts, refuseManifest } from '../verify';
import { otherRoots, type Session } from './session';

export interface ArtifactFinding {
  readonly check: Check<'subjects'>;
  /** Of the artifacts on disk; only when they are what was proved. */
  readonly summary?: ArtifactSummary;
}

/**
 * Digests every file of the project's artifact roots anew and compares them with the verified statement's subjects, in both directions.
 * The roots are the verifier's own configuration where it is known.
 * @throws ProofError FILE_CHANGED, IO_ERROR, ABORTED, OPTION_INVALID
 */
export async function verifyArtifacts(session: Session, project: Project, statement: Statement, subjects: SplitSubjects): Promise<ArtifactFinding> {
  const patterns = project.artifacts ?? statement.predicate.buildDefinition.externalParameters.artifacts;
  const scope = { root: session.workspace.root, project, patterns, members: otherRoots(session.workspace, project) };
  const hashing: HashOptions = { signal: session.env.signal, ...(subjects.sha512 ? { sha512: true } : {}) };
  const digest = async (): Promise<ArtifactDigests> => digestArtifacts(session.hasher, scope, await resolveArtifacts(scope), hashing);
  try {
    return await compare(session, subjects, hashing, digest);
  } catch (error) {
    const check = isProofError(error) ? refuseArtifacts(error, subjects) : undefined;
    if (check === undefined) throw error;
    return { check };
  }
}

async function compare(session: Session, subjects: SplitSubjects, hashing: HashOptions, digest: () => Promise<ArtifactDigests>): Promise<ArtifactFinding> {
  const digests = await digest();
  const differences = new Differences();
  if (subjects.manifest === undefined) {
    await compareFiles(subjects.files, digests, differences);
  } else {
    const wrong = await compareManifest(session, subjects.manifest, hashing, { digests, again: digest, differences });
    if (wrong !== undefined) return { check: wrong };
  }
  const summary = digests.summary();
  compareFolders(subjects.folders, summary.folders, differences);
  const check = checkSubjects(differences, { files: summary.files, bytes: summary.bytes });
  return check.status === 'passed' ? { check, summary } : { check };
}

interface ManifestInput {
  readonly digests: ArtifactDigests;
  /** A second pass over the artifacts, to name what differs. */
  readonly again: () => Promise<ArtifactDigests>;
  readonly differences: Differences;
}

/**
 * The manifest is the one that was proved, and what the artifacts on disk would give. That decides; only to name the files that differ is
 * the manifest parsed.
 */
async function compareManifest(session: Session, subject: Subject, hashing: HashOptions, { digests, again, differences }: ManifestInput): Promise<Check<'subjects'> | undefined> {
  const found = await digestManifest(session, subject.name, hashing);
  if (found === undefined) return refuseManifest('SUBJECT_MISSING', subject.name, 'is missing');
  if (!matchesSubject(found, subject)) return refuseManifest('SUBJECT_MISMATCH', subject.name, 'is not the one that was proved');
  if ((await sha256Of(manifestBytes(digests))) === subject.digest.sha256) return undefined;
  try {
    await compareSorted(manifestFiles(createReadStream(toNative(session.workspace.root, subject.name))), await again(), differences);
  } catch (error) {
    if (!isProofError(error) || error.code !== 'JSON_INVALID') throw error;
    return refuseManifest('SUBJECT_MISMATCH', subject.name, `cannot be read: ${error.message}`);
  }
  return differences.none ? refuseManifest('SUBJECT_MISMATCH', subject.name, 'does not list the artifacts as they are') : undefined;
}

async function digestManifest(session: Session, path: string, hashing: HashOptions): Promise<FileDigest | undefined> {
  try {
    for await (const digest of session.hasher.hash(session.workspace.root, [path], hashing)) return digest;
  } catch (error) {
    const isGone = isProofError(error) && error.code === 'IO_ERROR' && ['ENOENT', 'ENOTDIR'].includes(String(error.details['errno']));
    if (!isGone) throw error;
  }
  return undefined;
}

async function sha256Of(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}
