import { createHash, sign, type KeyObject } from 'node:crypto';
import canonicalize from 'canonicalize';
import { PAYLOAD_TYPE, preAuthEncoding } from '../../src/model/bundle';
import type { BundleJson } from './certificates';
import type { Sigstore } from './sigstore';
import { newKeyPair, pemOf, spkiOf, type KeyPair } from './sigstore/x509';

/** What a log records of a signature. */
export type EntryKind = 'dsse 0.0.1' | 'intoto 0.0.2' | 'hashedrekord 0.0.1' | 'dsse 0.0.2' | 'hashedrekord 0.0.2';

/** How to make a bundle, by the parts of the loopback Sigstore alone: also such as no client would make. */
export interface BundleInput {
  readonly artifact: Buffer;
  /** A statement to wrap; else the artifact itself is signed. */
  readonly statement?: Buffer;
  /** Sign with this key, without a certificate. */
  readonly key?: KeyPair;
  /** The key of the certificate; a new one unless set. */
  readonly keys?: KeyPair;
  /** A bundle whose certificate to use. */
  readonly certificateOf?: SignatureJson;
  /** Kinds of log entries; hashedrekord 0.0.1 unless set. */
  readonly entries?: readonly EntryKind[];
  /** Whether entries of Rekor v1 have a promise; true unless set. */
  readonly isPromised?: boolean;
  /** Times of RFC 3161 timestamps. */
  readonly stamps?: readonly Date[];
  /** When it is signed: the start of the certificate, and the time of Rekor v1. Whole seconds. */
  readonly time?: Date;
  /** Time that Rekor v1 signs, where it is another. */
  readonly integratedTime?: Date;
  readonly version?: '0.1' | '0.2' | '0.3' | 'v0.3';
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly issue?: Parameters<Sigstore['fulcio']['issue']>[2];
}

export type SignatureJson = Omit<BundleJson, 'dsseEnvelope'> & {
  dsseEnvelope?: { payload: string; payloadType: string; signatures: { sig: string; keyid?: string }[] };
  messageSignature?: { messageDigest: { algorithm: string; digest: string }; signature: string };
  verificationMaterial: { publicKey?: { hint: string } };
};

type Entry = BundleJson['verificationMaterial']['tlogEntries'][number];

const MEDIA_TYPES = {
  '0.1': 'application/vnd.dev.sigstore.bundle+json;version=0.1',
  '0.2': 'application/vnd.dev.sigstore.bundle+json;version=0.2',
  '0.3': 'application/vnd.dev.sigstore.bundle+json;version=0.3',
  'v0.3': 'application/vnd.dev.sigstore.bundle.v0.3+json',
};

const sha256 = (data: Uint8Array): Buffer => createHash('sha256').update(data).digest();
const canonical = (value: unknown): Buffer => Buffer.from(canonicalize(value) ?? '');
const base64 = (data: string | Uint8Array): string => Buffer.from(data).toString('base64');

/** The bytes that are signed for the input. */
export const signedBytes = ({ artifact, statement }: Pick<BundleInput, 'artifact' | 'statement'>): Buffer => (statement === undefined ? artifact : preAuthEncoding(statement));

export function makeBundle(sigstore: Sigstore, input: BundleInput): SignatureJson {
  const time = input.time ?? new Date();
  const keys = input.key ?? input.keys ?? newKeyPair();
  const claims = { iss: sigstore.oidc.url, ...JSON.parse(Buffer.from(sigstore.oidc.token(input.claims).split('.')[1] ?? '', 'base64url').toString()) } as Readonly<Record<string, unknown>>;
  const issued = input.certificateOf?.verificationMaterial.certificate?.rawBytes;
  const issue = (): Buffer => (issued === undefined ? sigstore.fulcio.issue(keys.publicKey, claims, { backdateMs: Date.now() - time.getTime(), ...input.issue }) : Buffer.from(issued, 'base64'));
  const certificate = input.key === undefined ? issue() : undefined;
  const signed = signedBytes(input);
  const signature = sign(keys.privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256', signed, keys.privateKey);
  const logged = { signed, signature, statement: input.statement, certificate, publicKey: keys.publicKey };
  const integratedTime = input.integratedTime ?? time;
  const tlogEntries = (input.entries ?? ['hashedrekord 0.0.1']).map((kind) => logEntry(sigstore, kind, entryBody(kind, logged), { integratedTime, isPromised: input.isPromised ?? true }));
  const rfc3161Timestamps = (input.stamps ?? []).map((at) => ({ signedTimestamp: base64(sigstore.tsa.stamp(sha256(signature), at)) }));
  const version = input.version ?? 'v0.3';
  const isChain = version === '0.1' || version === '0.2';
  const rawBytes = certificate === undefined ? undefined : { rawBytes: base64(certificate) };
  const by = rawBytes === undefined ? { publicKey: { hint: base64(sha256(spkiOf(keys.publicKey))) } } : isChain ? { x509CertificateChain: { certificates: [rawBytes] } } : { certificate: rawBytes };
  const content: Pick<SignatureJson, 'dsseEnvelope' | 'messageSignature'> =
    input.statement === undefined
      ? { messageSignature: { messageDigest: { algorithm: 'SHA2_256', digest: base64(sha256(input.artifact)) }, signature: base64(signature) } }
      : { dsseEnvelope: { payload: base64(input.statement), payloadType: PAYLOAD_TYPE, signatures: [{ sig: base64(signature) }] } };
  return { mediaType: MEDIA_TYPES[version], verificationMaterial: { ...by, tlogEntries, ...(rfc3161Timestamps.length > 0 && { timestampVerificationData: { rfc3161Timestamps } }) }, ...content };
}

interface Logged {
  readonly signed: Buffer;
  readonly signature: Buffer;
  readonly statement: Buffer | undefined;
  readonly certificate: Buffer | undefined;
  readonly publicKey: KeyObject;
}

/** What Rekor stores, by kind. */
export function entryBody(kind: EntryKind, { signed, signature, statement = Buffer.alloc(0), certificate, publicKey }: Logged): unknown {
  const [name, apiVersion] = kind.split(' ') as [string, string];
  const pem = base64(certificate === undefined ? pemOf(spkiOf(publicKey), 'PUBLIC KEY') : pemOf(certificate));
  const hex = (data: Buffer): unknown => ({ algorithm: 'sha256', value: sha256(data).toString('hex') });
  const bytes = (data: Buffer): unknown => ({ algorithm: 'SHA2_256', digest: base64(sha256(data)) });
  const holder = certificate === undefined ? { publicKey: { rawBytes: base64(spkiOf(publicKey)) } } : { x509Certificate: { rawBytes: base64(certificate) } };
  const verifier = { keyDetails: 'PKIX_ECDSA_P256_SHA_256', ...holder };
  const specs: Record<EntryKind, unknown> = {
    'dsse 0.0.1': { envelopeHash: hex(signed), payloadHash: hex(statement), signatures: [{ signature: base64(signature), verifier: pem }] },
    'intoto 0.0.2': {
      content: { envelope: { payloadType: PAYLOAD_TYPE, signatures: [{ publicKey: pem, sig: base64(base64(signature)) }] }, hash: hex(signed), payloadHash: hex(statement) },
    },
    'hashedrekord 0.0.1': { data: { hash: hex(signed) }, signature: { content: base64(signature), publicKey: { content: pem } } },
    'dsse 0.0.2': { dsseV002: { payloadHash: bytes(statement), signatures: [{ content: base64(signature), verifier }] } },
    'hashedrekord 0.0.2': { hashedRekordV002: { data: bytes(signed), signature: { content: base64(signature), verifier } } },
  };
  return { apiVersion, kind: name, spec: specs[kind] };
}

/** Logs a body, and gives the entry as bundles have it. */
export function logEntry(sigstore: Sigstore, kind: EntryKind, value: unknown, { integratedTime, isPromised }: { integratedTime: Date; isPromised: boolean }): Entry {
  const [name = '', version = ''] = kind.split(' ');
  const isV2 = kind === 'dsse 0.0.2' || kind === 'hashedrekord 0.0.2';
  const { log } = isV2 ? sigstore.rekorV2 : sigstore.rekor;
  const body = canonical(value);
  const index = log.append(body);
  const promise = { body: base64(body), integratedTime: Math.floor(integratedTime.getTime() / 1000), logID: log.id.toString('hex'), logIndex: index };
  const hasPromise = isPromised && !isV2;
  return {
    logIndex: String(index),
    logId: { keyId: base64(log.id) },
    kindVersion: { kind: name, version },
    integratedTime: hasPromise ? String(promise.integratedTime) : '0',
    ...(hasPromise && { inclusionPromise: { signedEntryTimestamp: base64(log.sign(canonical(promise))) } }),
    inclusionProof: { logIndex: String(index), rootHash: base64(log.root()), treeSize: String(log.size), hashes: log.proof(index).map(base64), checkpoint: { envelope: log.checkpoint() } },
    canonicalizedBody: base64(body),
  };
}
