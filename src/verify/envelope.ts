import { envelopeArtifact, envelopeBinding, readEnvelope } from '../model/envelope';
import { canonicalJson, jsonDocument } from '../model/json';
import { DESCRIPTOR, findDescriptor } from '../model/statement';
import type { SplitSubjects } from '../model/subjects';
import type { ProofEnvelope, Statement } from '../model/types';
import { workspaceUri } from '../model/uri';
import type { Check } from '../model/verdict';
import { linkTrace } from '../telemetry';
import { failed, passed } from './check';

export interface EnvelopeInput {
  /** The file of the signed proof envelope. */
  readonly bytes: Uint8Array;
  /** The bundle as it was verified. */
  readonly bundle: Uint8Array;
  readonly statement: Statement;
  readonly subjects: SplitSubjects;
  /** Who signed, as an attestation names it: `key:sha256:<fingerprint>`. */
  readonly issuer: string;
  /** RFC 6962 root over the artifacts on disk; undefined when they are not what was proved. */
  readonly merkleRoot: string | undefined;
}

/** The proof envelope is the one that the signed statement binds, carries this bundle, and says of the artifacts what the statement says. */
export function checkEnvelope(input: EnvelopeInput): Check<'envelope'> {
  const read = readStrictly(input.bytes);
  if (typeof read === 'string') return failed('envelope', 'ENVELOPE_MISMATCH', read, { field: '/' });
  const wrong = findWrongField(read, input);
  if (wrong !== undefined) return failed('envelope', 'ENVELOPE_MISMATCH', `proof envelope: ${wrong.field} ${wrong.message}`, { field: wrong.field });
  linkTrace(read.trace);
  return passed('envelope', 'bound by the statement, with this bundle as its attestation');
}

/** Only RFC 8785 bytes are accepted, so that no two readers see different members in them. */
function readStrictly(bytes: Uint8Array): ProofEnvelope | string {
  try {
    const envelope = readEnvelope(bytes);
    return Buffer.from(jsonDocument(envelope)).equals(bytes) ? envelope : 'proof envelope: the bytes are not RFC 8785 canonical JSON followed by one newline';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

interface WrongField {
  readonly field: string;
  readonly message: string;
}

function findWrongField(envelope: ProofEnvelope, input: EnvelopeInput): WrongField | undefined {
  const bound = findDescriptor(input.statement.predicate.runDetails.byproducts, DESCRIPTOR.envelope)?.digest?.['sha256'];
  if (bound === undefined) return { field: '/', message: `is bound by no byproduct "${DESCRIPTOR.envelope}" of the statement` };
  const actual = envelopeBinding(envelope);
  if (actual !== bound) return { field: '/', message: `has the sha256 ${actual} without attestations; the statement binds ${bound}` };
  return wrongAttestation(envelope, input) ?? wrongArtifacts(envelope, input);
}

function wrongAttestation({ attestations = [] }: ProofEnvelope, { bundle, statement, issuer }: EnvelopeInput): WrongField | undefined {
  const [attestation] = attestations;
  if (attestation === undefined || attestations.length > 1) return { field: '/attestations', message: `must have one entry, and has ${attestations.length}` };
  if (attestation.statement !== Buffer.from(bundle).toString('base64')) return { field: '/attestations/0/statement', message: 'is not the bundle that was verified' };
  if (attestation.predicateType !== statement.predicateType) return { field: '/attestations/0/predicateType', message: `is not ${statement.predicateType}` };
  if (attestation.signing.issuer !== issuer) return { field: '/attestations/0/signing/issuer', message: `is not ${issuer}, whose signature it is` };
  return undefined;
}

/** What it says of the artifacts; nx-proof writes these fields from the same digests as the subjects. */
function wrongArtifacts({ artifact, bundle }: ProofEnvelope, { subjects, merkleRoot }: EnvelopeInput): WrongField | undefined {
  const files = (subjects.manifest === undefined ? [...subjects.files.values()] : [subjects.manifest]).map(({ name, digest }) => ({ path: name, sha256: digest.sha256 ?? '', size: 0 }));
  const folders = Array.from(subjects.folders, ([path, dirHash]) => ({ path, dirHash }));
  const { uri, contentHash } = envelopeArtifact({ files, folders });
  if (artifact.uri !== uri) return { field: '/artifact/uri', message: `is not ${uri}` };
  if (artifact.contentHash.hex !== contentHash.hex) return { field: '/artifact/contentHash/hex', message: 'is not the digest of the subject' };
  const listed = files.map(({ path, sha256 }) => ({ uri: workspaceUri(path), sha256 }));
  if (canonicalJson(bundle?.files ?? []) !== canonicalJson(listed)) return { field: '/bundle/files', message: 'is not the list of the subjects' };
  if (merkleRoot !== undefined && bundle?.merkleRoot !== merkleRoot) return { field: '/bundle/merkleRoot', message: 'is not the Merkle root of the artifacts' };
  return undefined;
}
