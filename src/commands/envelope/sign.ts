import path from 'node:path';
import { ProofError, toProofError } from '../../errors';
import { publish } from '../../events';
import { lstatIfExists, toWorkspacePath, writeFileAtomic } from '../../files';
import { detectBuilder } from '../../model/builder';
import { sha256Hex } from '../../model/digest';
import { attestEnvelope, envelopeBinding } from '../../model/envelope';
import { buildEnvelopeStatement } from '../../model/envelope-statement';
import { jsonDocument } from '../../model/json';
import type { ProofEnvelope } from '../../model/types';
import type { StatementSigner } from '../../sign';
import { linkTrace, operation, type Operation } from '../../telemetry';
import type { Session } from '../session';
import { namedFiles } from './files';
import { inspectEvidence, inspectFiles } from './inspect';
import type { Bounds } from './locate';
import { refuseTargetProof } from './place';
import { readEnvelopeFile } from './read';

export interface SignedEnvelope {
  readonly statementSha256: string;
  readonly bundleSha256: string;
  /** `key:sha256:<fingerprint>`, or the issuer of the identity token. */
  readonly issuer: string;
}

/**
 * Signs the statement that the envelope gives, and puts the bundle into the file, in the place of any attestation that it has. Nothing is given to the
 * signer before files and evidence have been found to be what the envelope says.
 * @param file absolute native path
 * @throws ProofError OPTION_INVALID for a file of a `.proof` folder, PROOF_NOT_FOUND, JSON_INVALID, ENVELOPE_INVALID, FILE_TOO_LARGE, ARTIFACT_SYMLINK,
 * SUBJECT_CHANGED, PATH_OUTSIDE, SIGNATURE_INVALID, IO_ERROR, FILE_CHANGED, ABORTED, and what the signer throws
 */
export async function signEnvelope(session: Session, bounds: Bounds, file: string, signer: StatementSigner): Promise<SignedEnvelope> {
  try {
    return await operation(session.env, 'sign', (current) => sign(session, bounds, { file, signer, current }));
  } catch (error) {
    throw toProofError(error, file);
  }
}

async function sign(session: Session, bounds: Bounds, { file, signer, current }: { file: string; signer: StatementSigner; current: Operation }): Promise<SignedEnvelope> {
  refuseTargetProof(bounds.root, file);
  // It is replaced in place: a link would be, and not what it points to.
  if ((await lstatIfExists(file))?.isSymbolicLink() === true) throw new ProofError('ARTIFACT_SYMLINK', `${file} is a symbolic link; sign the file itself`, { details: { file } });
  const envelope = await readEnvelopeFile(file);
  linkTrace(envelope.trace);
  current.note('signer', signer.issuer.startsWith('key:') ? 'key' : 'certificate');
  await requireUnchanged(session, bounds, file, envelope);
  const payload = await statementOf(session, bounds, envelope);
  const bundle = await signer.sign(payload);
  // A key or device that is broken, or a signer that signs something else, is found out here and not by those who verify.
  if (!(await signer.verify(bundle)).equals(payload)) throw new ProofError('SIGNATURE_INVALID', `${file}: ${signer.issuer} signed something else than the statement`, { details: { file } });
  await writeFileAtomic(file, jsonDocument(attestEnvelope(envelope, bundle, signer.issuer)));
  const result = { statementSha256: sha256Hex(payload), bundleSha256: sha256Hex(bundle), issuer: signer.issuer };
  publish('nx-proof:signed', { ...result, bundle: toWorkspacePath(bounds.root, file) ?? path.basename(file) });
  return result;
}

async function requireUnchanged(session: Session, bounds: Bounds, file: string, envelope: ProofEnvelope): Promise<void> {
  const found = await Promise.all([inspectFiles(session, bounds, envelope), inspectEvidence(session, bounds, envelope)]);
  const wrong = found.find(({ status }) => status === 'failed');
  if (wrong === undefined) return;
  throw new ProofError('SUBJECT_CHANGED', `${file}: the files are not what the envelope says: ${wrong.message}`, { details: { file, ...wrong.details } });
}

async function statementOf({ env }: Session, bounds: Bounds, envelope: ProofEnvelope): Promise<Buffer> {
  const files = (await namedFiles(bounds, envelope)).map(({ file, sha256 }) => ({ name: file.name, sha256 }));
  return Buffer.from(jsonDocument(buildEnvelopeStatement({ envelope, envelopeSha256: envelopeBinding(envelope), files, builder: detectBuilder(env.env) })));
}
