import { pemBlock } from './certificate';
import { sha256Hex } from './digest';
import { parseJson } from './json';
import { PAYLOAD_TYPE, signedDigest, type SignedContent } from './signed-content';

/** What a transparency log recorded of a signature. */
export interface LogBody {
  readonly kind: string;
  readonly version: string;
  /** sha256, in hex, of the payload of a DSSE envelope, or of the bytes that were signed. */
  readonly digest: { readonly of: 'payload' | 'signed'; readonly sha256: string };
  readonly signature: Buffer;
  /** DER of the certificate, or of the public key (SPKI). */
  readonly verifier: Buffer;
}

type Read = (spec: unknown) => Pick<LogBody, 'digest' | 'signature' | 'verifier'>;

/**
 * By kind and version. Members that are not listed are refused: whatever a log recorded beside these would be vouched for, and compared with
 * nothing. `envelopeHash` and `hash` are over the envelope's JSON as it was sent to the log, which no bundle has.
 */
const KINDS: Readonly<Record<string, Read>> = {
  // https://github.com/sigstore/rekor/blob/main/pkg/types/dsse/v0.0.1/dsse_v0_0_1_schema.json
  'dsse 0.0.1': (spec) => {
    const body = members(spec, ['envelopeHash', 'payloadHash', 'signatures']);
    const signed = members(only(body['signatures']), ['signature', 'verifier']);
    return { digest: digestV1(body['payloadHash'], 'payload'), signature: bytes(signed['signature']), verifier: pem(signed['verifier']) };
  },
  // https://github.com/sigstore/rekor/blob/main/pkg/types/intoto/v0.0.2/intoto_v0_0_2_schema.json
  'intoto 0.0.2': (spec) => {
    const content = members(members(spec, ['content'])['content'], ['envelope', 'hash', 'payloadHash']);
    const envelope = members(content['envelope'], ['payloadType', 'signatures']);
    if (envelope['payloadType'] !== PAYLOAD_TYPE) throw new Error('the log entry is about another type of payload');
    const signed = members(only(envelope['signatures']), ['sig', 'publicKey']);
    // The signature is in base64 twice: the log's own, and that of the envelope.
    return { digest: digestV1(content['payloadHash'], 'payload'), signature: bytes(bytes(signed['sig']).toString('latin1')), verifier: pem(signed['publicKey']) };
  },
  // https://github.com/sigstore/rekor/blob/main/pkg/types/hashedrekord/v0.0.1/hashedrekord_v0_0_1_schema.json
  'hashedrekord 0.0.1': (spec) => {
    const body = members(spec, ['data', 'signature']);
    const signed = members(body['signature'], ['content', 'publicKey']);
    const key = members(signed['publicKey'], ['content']);
    return { digest: digestV1(members(body['data'], ['hash'])['hash'], 'signed'), signature: bytes(signed['content']), verifier: pem(key['content']) };
  },
  // https://github.com/sigstore/rekor-tiles/blob/main/api/proto/rekor/v2/entry.proto
  'dsse 0.0.2': (spec) => {
    const body = members(members(spec, ['dsseV002'])['dsseV002'], ['payloadHash', 'signatures']);
    return { digest: digestV2(body['payloadHash'], 'payload'), ...signatureV2(only(body['signatures'])) };
  },
  'hashedrekord 0.0.2': (spec) => {
    const body = members(members(spec, ['hashedRekordV002'])['hashedRekordV002'], ['data', 'signature']);
    return { digest: digestV2(body['data'], 'signed'), ...signatureV2(body['signature']) };
  },
};

function signatureV2(value: unknown): Pick<LogBody, 'signature' | 'verifier'> {
  const signature = members(value, ['content', 'verifier']);
  const verifier = members(signature['verifier'], ['keyDetails', 'x509Certificate', 'publicKey']);
  const holders = ['x509Certificate', 'publicKey'].filter((name) => name in verifier);
  return { signature: bytes(signature['content']), verifier: bytes(members(verifier[only(holders) as string], ['rawBytes'])['rawBytes']) };
}

/**
 * Reads the body of a log entry about a signature.
 * Throws an Error, or what the parsers throw, for any other body.
 */
export function readLogBody(body: Uint8Array): LogBody {
  const json = members(parseJson(body, 'log entry'), ['apiVersion', 'kind', 'spec']);
  const { kind, apiVersion: version } = json;
  if (typeof kind !== 'string' || typeof version !== 'string') throw new Error('the body of the log entry has no kind and version');
  const read = Object.hasOwn(KINDS, `${kind} ${version}`) ? KINDS[`${kind} ${version}`] : undefined;
  if (read === undefined) throw new Error(`the log entry is of the kind ${kind} ${version}, which is not one for signatures of statements or files`);
  return { kind, version, ...read(json['spec']) };
}

/** A signature as a bundle has it, or as it was sent to a log. */
export interface LoggedSignature {
  readonly content: SignedContent;
  readonly signature: Uint8Array;
  /** DER of the certificate, or of the public key (SPKI). */
  readonly verifier: Uint8Array;
}

/** Why a log entry is not about this signature; undefined when it is. */
export function logBodyProblem({ canonicalizedBody, kindVersion }: { canonicalizedBody: Uint8Array; kindVersion: { kind: string; version: string } }, { content, signature, verifier }: LoggedSignature): string | undefined {
  let body: LogBody;
  try {
    body = readLogBody(canonicalizedBody);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (body.kind !== kindVersion.kind || body.version !== kindVersion.version) return 'the body of the log entry is of another kind than the entry says';
  if (body.digest.sha256 !== digestOf(content, body.digest.of)) return 'the log entry is about another payload';
  if (!body.signature.equals(signature)) return 'the log entry is about another signature';
  // The library does not compare it: the log would vouch for a signature by somebody else's certificate.
  return body.verifier.equals(verifier) ? undefined : 'the log entry is about another certificate or key';
}

/** undefined for the payload of a message, which has none: an entry about an envelope vouches for no other signature. */
function digestOf(content: SignedContent, of: LogBody['digest']['of']): string | undefined {
  if (of === 'signed') return signedDigest(content);
  return content.kind === 'statement' ? sha256Hex(content.payload) : undefined;
}

type Members = Readonly<Record<string, unknown>>;

/** An object that has no members but those of `known`. */
function members(value: unknown, known: readonly string[]): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('the body of the log entry is incomplete');
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`the body of the log entry has the unknown member ${JSON.stringify(unknown)}`);
  return value as Members;
}

function only(value: unknown): unknown {
  if (!Array.isArray(value) || value.length !== 1) throw new Error('the log entry is not about one signature');
  return value[0];
}

function bytes(value: unknown): Buffer {
  const decoded = Buffer.from(typeof value === 'string' ? value : '', 'base64');
  if (decoded.length === 0) throw new Error('the body of the log entry is incomplete');
  return decoded;
}

/** DER of a certificate or public key that is recorded as PEM, in base64. */
function pem(value: unknown): Buffer {
  return pemBlock(bytes(value).toString('latin1')) ?? raise('the log entry names neither one certificate nor one public key');
}

function raise(message: string): never {
  throw new Error(message);
}

function digestV1(value: unknown, of: LogBody['digest']['of']): LogBody['digest'] {
  const hash = members(value, ['algorithm', 'value']);
  return digest(hash['value'], hash['algorithm'] === 'sha256', 'hex', of);
}

function digestV2(value: unknown, of: LogBody['digest']['of']): LogBody['digest'] {
  const hash = members(value, ['algorithm', 'digest']);
  return digest(hash['digest'], hash['algorithm'] === 'SHA2_256', 'base64', of);
}

function digest(value: unknown, isSha256: boolean, encoding: 'hex' | 'base64', of: LogBody['digest']['of']): LogBody['digest'] {
  if (typeof value !== 'string' || !isSha256) throw new Error('the log entry has no SHA-256 digest');
  return { of, sha256: Buffer.from(value, encoding).toString('hex') };
}
