import { rm } from 'node:fs/promises';
import path from 'node:path';
import { isProofError, ProofError } from '../errors';
import { joinPosix, lstatIfExists, readDocument, toNative, toWorkspacePath, writeFileAtomic } from '../files';
import { jsonDocument } from '../model/json';
import { PROOF_FILES, PROOF_FOLDER, type Project } from '../model/project';
import { workspaceUri } from '../model/uri';
import type { Verdict } from '../model/verdict';
import type { Vsa } from '../model/vsa';

export interface ProofFiles {
  readonly bundle: Buffer;
  /** How documents name the bundle: `workspace:/…`, or the bare name of a file elsewhere. */
  readonly uri: string;
  /** The signed proof envelope; undefined when there is none beside the bundle. */
  readonly envelope: Buffer | undefined;
}

const ENVELOPE_NAME = path.posix.basename(PROOF_FILES.signedEnvelope);

/**
 * Reads a proof: the bundle and the envelope beside it.
 * @param bundle absolute path of a bundle outside of the project's `.proof`
 * @throws ProofError PROOF_NOT_FOUND, FILE_TOO_LARGE
 */
export async function readProofFiles(root: string, project: Project, bundle: string | undefined): Promise<ProofFiles> {
  const file = bundle ?? toNative(root, joinPosix(project.root, PROOF_FILES.bundle));
  const bytes = await readDocument(file, { missing: 'PROOF_NOT_FOUND', what: `bundle of the project ${project.name}` });
  const inWorkspace = toWorkspacePath(root, file);
  const uri = inWorkspace === undefined ? encodeURIComponent(path.basename(file)) : workspaceUri(inWorkspace);
  return { bundle: bytes, uri, envelope: await readIfExists(path.join(path.dirname(file), ENVELOPE_NAME)) };
}

async function readIfExists(file: string): Promise<Buffer | undefined> {
  try {
    return await readDocument(file, { missing: 'PROOF_NOT_FOUND', what: 'proof envelope' });
  } catch (error) {
    if (isProofError(error) && error.code === 'PROOF_NOT_FOUND') return undefined;
    throw error;
  }
}

/** Is the project one that proofs are made of: does it have a proof.json or a `.proof` folder? */
export async function hasProofFiles(root: string, project: Project): Promise<boolean> {
  for (const name of [PROOF_FOLDER, 'proof.json']) {
    if ((await lstatIfExists(toNative(root, joinPosix(project.root, name)))) !== undefined) return true;
  }
  return false;
}

/**
 * Deletes an earlier verdict, so that none outlives the verification that is about to start.
 * @throws ProofError PROOF_NOT_FOUND when `.proof` is a link, through which other folders would be deleted and written
 */
export async function clearVerdict(root: string, project: Project): Promise<void> {
  const folder = joinPosix(project.root, PROOF_FOLDER);
  const stats = await lstatIfExists(toNative(root, folder));
  if (stats === undefined) return;
  if (!stats.isDirectory()) throw new ProofError('PROOF_NOT_FOUND', `${folder} is not a folder`, { details: { folder } });
  await rm(toNative(root, joinPosix(project.root, path.posix.dirname(PROOF_FILES.verdict))), { recursive: true, force: true });
}

/** Writes the verdict and its summary for people; neither is ever read back. */
export async function writeVerdict(root: string, project: Project, verdict: Verdict, vsa: Vsa | undefined): Promise<void> {
  const file = (name: string): string => toNative(root, joinPosix(project.root, name));
  const summary = vsa === undefined ? undefined : writeFileAtomic(file(PROOF_FILES.vsa), jsonDocument(vsa));
  await Promise.all([summary, writeFileAtomic(file(PROOF_FILES.verdict), jsonDocument(verdict))]);
}
