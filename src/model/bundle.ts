import { createRequire } from 'node:module';
import type * as Library from '@sigstore/bundle';
import { ProofError } from '../errors';
import { MAX_DOCUMENT_BYTES } from '../files';
import { MATERIAL_FIELDS, readMaterial, type Material } from './bundle-material';
import { strictFields, type ObjectField } from './fields';
import { jsonDocument, parseJson, repeatsMembers } from './json';
import { PAYLOAD_TYPE, type SignedContent } from './signed-content';

export { PAYLOAD_TYPE, preAuthEncoding, type SignedContent } from './signed-content';
export type { MaterialKind } from './bundle-material';
type Bundle = Library.Bundle;
let library: typeof Library | undefined;
/** Loaded when first needed: to read a key's bundle it is not, and to verify one takes less time than to load this. */
const sigstore = (): typeof Library => (library ??= createRequire(__filename)('@sigstore/bundle') as typeof Library);

export type { TransparencyLogEntry } from '@sigstore/bundle';

/** Signed by a managed key. The hint helps people and tools to find the key; it proves nothing and must never select one. */
interface ByKey {
  readonly keyHint: string;
}

/** Signed with the key of a certificate (DER), and when that was: log entries, and RFC 3161 timestamps (DER of TimeStampResp) of the signature. */
interface ByCertificate {
  readonly certificate: Uint8Array;
  readonly tlogEntries: readonly Library.TransparencyLogEntry[];
  readonly timestamps: readonly Uint8Array[];
}

/** A Sigstore bundle v0.3 with a DSSE envelope over a statement: RFC 8785 bytes and one newline. */
export function dsseBundle(input: { payload: Uint8Array; signature: Uint8Array } & (ByKey | ByCertificate)): Buffer {
  const bundle = sigstore().toDSSEBundle({ artifact: toBuffer(input.payload), artifactType: PAYLOAD_TYPE, signature: toBuffer(input.signature), ...signerOf(input) });
  // DSSE makes keyid optional. Go's implementation skips a signature whose keyid is not its verifier's own kind of key id, so that
  // cosign finds no signature at all; the clients of Sigstore therefore leave it empty and give the hint beside the envelope.
  for (const signature of bundle.content.dsseEnvelope.signatures) signature.keyid = '';
  return encode(bundle, input);
}

/** A Sigstore bundle v0.3 with a signature over the bytes that have this sha256. */
export function messageBundle(input: { sha256: Uint8Array; signature: Uint8Array } & (ByKey | ByCertificate)): Buffer {
  return encode(sigstore().toMessageSignatureBundle({ digest: toBuffer(input.sha256), signature: toBuffer(input.signature), ...signerOf(input) }), input);
}

function signerOf(by: ByKey | ByCertificate): { certificate: Buffer } | { keyHint: string } {
  return 'certificate' in by ? { certificate: toBuffer(by.certificate) } : { keyHint: by.keyHint };
}

function encode(bundle: Bundle, by: ByKey | ByCertificate): Buffer {
  if ('certificate' in by) {
    const rfc3161Timestamps = by.timestamps.map((signedTimestamp) => ({ signedTimestamp: toBuffer(signedTimestamp) }));
    Object.assign(bundle.verificationMaterial, { tlogEntries: by.tlogEntries, timestampVerificationData: { rfc3161Timestamps } });
  }
  return Buffer.from(jsonDocument(sigstore().bundleToJSON(bundle)));
}

/** The same bytes as a Buffer, without a copy. */
function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** What a bundle holds, nothing of it verified yet. */
export interface SignatureBundle extends Material {
  /** What the signature is over: to be used only after the signature has been verified. */
  readonly content: SignedContent;
  readonly signature: Buffer;
  readonly mediaType: string;
  /** As @sigstore/bundle reads it, for toSignedEntity of @sigstore/verify. */
  readonly bundle: Bundle;
}

/** A bundle with a statement in a DSSE envelope. */
export interface ParsedBundle extends SignatureBundle {
  /** The bytes that the DSSE envelope carries: to be used only after the signature has been verified. */
  readonly payload: Buffer;
}

/** https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto, `media_type`; version 0.3 has two spellings. */
const MEDIA_TYPES: readonly string[] = [
  'application/vnd.dev.sigstore.bundle.v0.3+json',
  'application/vnd.dev.sigstore.bundle+json;version=0.3',
  'application/vnd.dev.sigstore.bundle+json;version=0.2',
  'application/vnd.dev.sigstore.bundle+json;version=0.1',
];

const strict = strictFields({ what: 'bundle', invalid: 'BUNDLE_INVALID', ambiguous: 'BUNDLE_AMBIGUOUS' });

/**
 * Reads a Sigstore bundle with one signature, of a statement in a DSSE envelope or of a message. Stricter than protobuf's JSON mapping, which ignores
 * unknown fields and decodes sloppy base64: two readers of an accepted bundle see the same, and its bytes cannot be varied at will.
 * @throws ProofError FILE_TOO_LARGE, JSON_INVALID, BUNDLE_INVALID (not such a bundle), BUNDLE_AMBIGUOUS (it could be read in two ways)
 */
export function readSignatureBundle(bytes: Uint8Array): SignatureBundle {
  if (bytes.length > MAX_DOCUMENT_BYTES) throw new ProofError('FILE_TOO_LARGE', `bundle: ${bytes.length} bytes; at most ${MAX_DOCUMENT_BYTES} are read`);
  const json = parseJson(bytes, 'bundle');
  const mediaType = requireMediaType(json);
  const top = strict.object(json, '', ['mediaType', 'verificationMaterial', 'dsseEnvelope', 'messageSignature']);
  if (repeatsMembers(bytes, json)) strict.refuse('BUNDLE_AMBIGUOUS', '', 'has a field twice');
  if ('messageSignature' in top.value && 'dsseEnvelope' in top.value) strict.refuse('BUNDLE_AMBIGUOUS', '', 'has both a dsseEnvelope and a messageSignature');
  const signed = 'messageSignature' in top.value ? readMessage(top) : readDsse(top);
  const material = readMaterial(strict, strict.member(top, 'verificationMaterial', MATERIAL_FIELDS));
  return withBundle({ ...signed, mediaType, ...material }, json);
}

/** As readSignatureBundle, for a statement. */
export function readBundle(bytes: Uint8Array): ParsedBundle {
  const bundle = readSignatureBundle(bytes);
  if (bundle.content.kind === 'message') return strict.refuse('BUNDLE_INVALID', '/messageSignature', 'signs bare bytes; a statement in a dsseEnvelope is needed');
  return Object.assign(bundle, { payload: bundle.content.payload });
}

/**
 * Adds the library's reading: at once where log entries and certificates must be what the version of the format demands, else when it is asked for, since
 * of a key and its hint, timestamps apart, all that the library could object to has been looked at.
 */
function withBundle(read: Omit<SignatureBundle, 'bundle'>, json: unknown): SignatureBundle {
  if (read.material !== 'publicKey' || read.tlogEntries > 0) return { ...read, bundle: toBundle(json) };
  return { ...read, get bundle() { return toBundle(json); } };
}

/** First of all: a document of another kind is no bundle, whatever else it has. */
function requireMediaType(json: unknown): string {
  const found = typeof json === 'object' && json !== null && 'mediaType' in json ? json.mediaType : undefined;
  return MEDIA_TYPES.find((known) => known === found) ?? strict.refuse('BUNDLE_INVALID', '/mediaType', `must be one of ${JSON.stringify(MEDIA_TYPES)}`);
}

/** https://github.com/secure-systems-lab/dsse/blob/master/envelope.md; a Sigstore bundle allows one signature only. */
function readDsse(top: ObjectField): Pick<SignatureBundle, 'content' | 'signature'> {
  const envelope = strict.member(top, 'dsseEnvelope', ['payload', 'payloadType', 'signatures']);
  if (envelope.value['payloadType'] !== PAYLOAD_TYPE) strict.refuse('BUNDLE_INVALID', '/dsseEnvelope/payloadType', `must be ${PAYLOAD_TYPE}`);
  const signatures = strict.list(envelope, 'signatures');
  if (signatures.length === 0) strict.refuse('BUNDLE_INVALID', '/dsseEnvelope/signatures', 'must have a signature');
  if (signatures.length > 1) strict.refuse('BUNDLE_AMBIGUOUS', '/dsseEnvelope/signatures', `must have one signature, and has ${signatures.length}`);
  const signature = strict.object(signatures[0], '/dsseEnvelope/signatures/0', ['sig', 'keyid']);
  if ('keyid' in signature.value) strict.text(signature, 'keyid');
  return { content: { kind: 'statement', payload: strict.base64(envelope, 'payload') }, signature: strict.base64(signature, 'sig') };
}

/** MessageSignature of https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_common.proto */
function readMessage(top: ObjectField): Pick<SignatureBundle, 'content' | 'signature'> {
  const message = strict.member(top, 'messageSignature', ['messageDigest', 'signature']);
  const digest = strict.member(message, 'messageDigest', ['algorithm', 'digest']);
  const algorithm = strict.text(digest, 'algorithm');
  if (algorithm !== 'SHA2_256') strict.refuse('BUNDLE_INVALID', `${digest.field}/algorithm`, `is ${JSON.stringify(algorithm)}; only SHA2_256 is supported`);
  const sha256 = strict.base64(digest, 'digest');
  if (sha256.length !== 32) strict.refuse('BUNDLE_INVALID', `${digest.field}/digest`, `has ${sha256.length} bytes; a SHA-256 digest has 32`);
  return { content: { kind: 'message', sha256: sha256.toString('hex') }, signature: strict.base64(message, 'signature') };
}

/** The library's own reading, with what each version of the format demands of log entries and certificates. */
function toBundle(json: unknown): Bundle {
  try {
    return sigstore().bundleFromJSON(json);
  } catch (error) {
    throw new ProofError('BUNDLE_INVALID', `bundle: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
