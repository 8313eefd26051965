import { bundleFromJSON, bundleToJSON, toDSSEBundle, type Bundle, type TransparencyLogEntry } from '@sigstore/bundle';
import { ProofError } from '../errors';
import { MAX_DOCUMENT_BYTES } from '../files';
import { checkLogEntryFields } from './bundle-log';
import { strictFields, type ObjectField } from './fields';
import { jsonDocument, parseJson, repeatsMembers } from './json';

/** DSSE payloadType of in-toto statements (https://github.com/in-toto/attestation/blob/main/spec/v1/envelope.md). */
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/**
 * The bytes that get signed: the DSSE v1 pre-authentication encoding of an in-toto statement
 * (https://github.com/secure-systems-lab/dsse/blob/master/protocol.md#signature-definition).
 */
export function preAuthEncoding(payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `), payload]);
}

export type { TransparencyLogEntry } from '@sigstore/bundle';

/** Signed by a managed key. The hint helps people and tools to find the key; it proves nothing and must never select one. */
interface ByKey {
  readonly keyHint: string;
}

/** Signed with the key of a certificate (DER), and when that was: log entries, and RFC 3161 timestamps (DER of TimeStampResp) of the signature. */
interface ByCertificate {
  readonly certificate: Uint8Array;
  readonly tlogEntries: readonly TransparencyLogEntry[];
  readonly timestamps: readonly Uint8Array[];
}

/** A Sigstore bundle v0.3 with a DSSE envelope over a statement: RFC 8785 bytes and one newline. */
export function dsseBundle(input: { payload: Uint8Array; signature: Uint8Array } & (ByKey | ByCertificate)): Buffer {
  const bundle = toDSSEBundle({
    artifact: toBuffer(input.payload),
    artifactType: PAYLOAD_TYPE,
    signature: toBuffer(input.signature),
    ...('certificate' in input ? { certificate: toBuffer(input.certificate) } : { keyHint: input.keyHint }),
  });
  // DSSE makes keyid optional. Go's implementation skips a signature whose keyid is not its verifier's own kind of key id, so that
  // cosign finds no signature at all; the clients of Sigstore therefore leave it empty and give the hint beside the envelope.
  for (const signature of bundle.content.dsseEnvelope.signatures) signature.keyid = '';
  if ('certificate' in input) {
    const rfc3161Timestamps = input.timestamps.map((signedTimestamp) => ({ signedTimestamp: toBuffer(signedTimestamp) }));
    Object.assign(bundle.verificationMaterial, { tlogEntries: input.tlogEntries, timestampVerificationData: { rfc3161Timestamps } });
  }
  return Buffer.from(jsonDocument(bundleToJSON(bundle)));
}

/** The same bytes as a Buffer, without a copy. */
function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** What a bundle holds, nothing of it verified yet. */
export interface ParsedBundle {
  /** The bytes that the DSSE envelope carries: to be used only after the signature has been verified. */
  readonly payload: Buffer;
  readonly signature: Buffer;
  readonly material: MaterialKind;
  /** Of a public key; says nothing about who signed. */
  readonly hint: string | undefined;
  readonly tlogEntries: number;
  readonly timestamps: number;
  /** For toSignedEntity of @sigstore/verify. */
  readonly bundle: Bundle;
}

const MATERIALS = ['publicKey', 'certificate', 'x509CertificateChain'] as const;
export type MaterialKind = (typeof MATERIALS)[number];

/** https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto, `media_type`; version 0.3 has two spellings. */
const MEDIA_TYPES: readonly unknown[] = [
  'application/vnd.dev.sigstore.bundle.v0.3+json',
  'application/vnd.dev.sigstore.bundle+json;version=0.3',
  'application/vnd.dev.sigstore.bundle+json;version=0.2',
  'application/vnd.dev.sigstore.bundle+json;version=0.1',
];

const strict = strictFields({ what: 'bundle', invalid: 'BUNDLE_INVALID', ambiguous: 'BUNDLE_AMBIGUOUS' });

/**
 * Reads a Sigstore bundle that holds an in-toto statement in a DSSE envelope with one signature. Stricter than protobuf's JSON mapping, which
 * ignores unknown fields and decodes sloppy base64: two readers of an accepted bundle see the same, and its bytes cannot be varied at will.
 * @throws ProofError FILE_TOO_LARGE, JSON_INVALID, BUNDLE_INVALID (not such a bundle), BUNDLE_AMBIGUOUS (it could be read in two ways)
 */
export function readBundle(bytes: Uint8Array): ParsedBundle {
  if (bytes.length > MAX_DOCUMENT_BYTES) throw new ProofError('FILE_TOO_LARGE', `bundle: ${bytes.length} bytes; at most ${MAX_DOCUMENT_BYTES} are read`);
  const json = parseJson(bytes, 'bundle');
  requireMediaType(json);
  const top = strict.object(json, '', ['mediaType', 'verificationMaterial', 'dsseEnvelope', 'messageSignature']);
  if (repeatsMembers(bytes, json)) strict.refuse('BUNDLE_AMBIGUOUS', '', 'has a field twice');
  const { payload, signature } = readDsse(top);
  const material = readMaterial(strict.member(top, 'verificationMaterial', [...MATERIALS, 'tlogEntries', 'timestampVerificationData']));
  return { payload, signature, ...material, bundle: toBundle(json) };
}

/** First of all: a document of another kind is no bundle, whatever else it has. */
function requireMediaType(json: unknown): void {
  const isBundle = typeof json === 'object' && json !== null && 'mediaType' in json && MEDIA_TYPES.includes(json.mediaType);
  if (!isBundle) strict.refuse('BUNDLE_INVALID', '/mediaType', `must be one of ${JSON.stringify(MEDIA_TYPES)}`);
}

/** https://github.com/secure-systems-lab/dsse/blob/master/envelope.md; a Sigstore bundle allows one signature only. */
function readDsse(top: ObjectField): Pick<ParsedBundle, 'payload' | 'signature'> {
  if ('messageSignature' in top.value) {
    if ('dsseEnvelope' in top.value) strict.refuse('BUNDLE_AMBIGUOUS', '', 'has both a dsseEnvelope and a messageSignature');
    strict.refuse('BUNDLE_INVALID', '/messageSignature', 'signs bare bytes; a statement in a dsseEnvelope is needed');
  }
  const envelope = strict.member(top, 'dsseEnvelope', ['payload', 'payloadType', 'signatures']);
  if (envelope.value['payloadType'] !== PAYLOAD_TYPE) strict.refuse('BUNDLE_INVALID', '/dsseEnvelope/payloadType', `must be ${PAYLOAD_TYPE}`);
  const signatures = strict.list(envelope, 'signatures');
  if (signatures.length === 0) strict.refuse('BUNDLE_INVALID', '/dsseEnvelope/signatures', 'must have a signature');
  if (signatures.length > 1) strict.refuse('BUNDLE_AMBIGUOUS', '/dsseEnvelope/signatures', `must have one signature, and has ${signatures.length}`);
  const signature = strict.object(signatures[0], '/dsseEnvelope/signatures/0', ['sig', 'keyid']);
  if ('keyid' in signature.value) strict.text(signature, 'keyid');
  return { payload: strict.base64(envelope, 'payload'), signature: strict.base64(signature, 'sig') };
}

function readMaterial(found: ObjectField): Pick<ParsedBundle, 'material' | 'hint' | 'tlogEntries' | 'timestamps'> {
  const kinds = MATERIALS.filter((kind) => kind in found.value);
  const [material] = kinds;
  if (material === undefined) return strict.refuse('BUNDLE_INVALID', found.field, `must have one of ${MATERIALS.join(', ')}`);
  if (kinds.length > 1) strict.refuse('BUNDLE_AMBIGUOUS', found.field, `has more than one of ${MATERIALS.join(', ')}`);
  const entries = strict.list(found, 'tlogEntries');
  entries.forEach((value, index) => checkLogEntryFields(strict, value, `${found.field}/tlogEntries/${index}`));
  return { material, hint: readSignerMaterial(found, material), tlogEntries: entries.length, timestamps: readTimestamps(found) };
}

/** The hint of a public key; of certificates only the form is checked. */
function readSignerMaterial(found: ObjectField, material: MaterialKind): string | undefined {
  if (material === 'publicKey') {
    const key = strict.member(found, 'publicKey', ['hint']);
    return 'hint' in key.value ? strict.text(key, 'hint') : undefined;
  }
  if (material === 'certificate') {
    strict.base64(strict.member(found, 'certificate', ['rawBytes']), 'rawBytes');
    return undefined;
  }
  const chain = strict.member(found, 'x509CertificateChain', ['certificates']);
  strict.list(chain, 'certificates').forEach((value, index) => strict.base64(strict.object(value, `${chain.field}/certificates/${index}`, ['rawBytes']), 'rawBytes'));
  return undefined;
}

function readTimestamps(found: ObjectField): number {
  if (!('timestampVerificationData' in found.value)) return 0;
  const data = strict.member(found, 'timestampVerificationData', ['rfc3161Timestamps']);
  const timestamps = strict.list(data, 'rfc3161Timestamps');
  timestamps.forEach((value, index) => strict.base64(strict.object(value, `${data.field}/rfc3161Timestamps/${index}`, ['signedTimestamp']), 'signedTimestamp'));
  return timestamps.length;
}

/** The library's own reading, with what each version of the format demands of log entries and certificates. */
function toBundle(json: unknown): Bundle {
  try {
    return bundleFromJSON(json);
  } catch (error) {
    throw new ProofError('BUNDLE_INVALID', `bundle: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
