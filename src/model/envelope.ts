import { uuidToULID } from 'ulid';
import { sha256Hex, type FileDigest } from './digest';
import { validateProofEnvelope } from './generated/validators.cjs';
import { canonicalJson, parseJson } from './json';
import { PREDICATE_TYPE } from './statement';
import type { Actor, Attestation, Context, Evidence, PolicyReceipt, ProofEnvelope, Trace } from './types';
import { workspaceUri } from './uri';
import { validated } from './validation';

export interface EnvelopeInput {
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly actor: Actor;
  readonly context: Context;
  readonly evidence: readonly Evidence[];
  readonly tooling: Readonly<Record<string, string>>;
  readonly policyReceipts: readonly PolicyReceipt[] | undefined;
  readonly trace: Trace | undefined;
  /** The artifact files, or only the manifest when they were collapsed; in byte order. */
  readonly files: readonly FileDigest[];
  readonly folders: readonly { readonly path: string; readonly dirHash: string }[];
  readonly merkleRoot: string;
}

/** A proof envelope under Nx: `id` is the ULID of its time and the first 80 bits of the sha256 of the envelope without id. */
export function buildEnvelope(input: EnvelopeInput): ProofEnvelope {
  const { time, policyReceipts, trace } = input;
  const body: Omit<ProofEnvelope, 'id'> = {
    proofSpec: 'cortex-os/proof-artifact',
    specVersion: '0.2.0',
    issuedAt: time,
    actor: input.actor,
    artifact: envelopeArtifact(input),
    context: input.context,
    evidence: [...input.evidence],
    runtime: { model: 'nx-build', tooling: { ...input.tooling } },
    bundle: { files: input.files.map(({ path, sha256 }) => ({ uri: workspaceUri(path), sha256 })), merkleRoot: input.merkleRoot },
    ...(trace === undefined ? {} : { trace }),
    ...(policyReceipts === undefined ? {} : { policyReceipts: [...policyReceipts] }),
  };
  return { ...body, id: envelopeId(Date.parse(time), sha256Hex(canonicalJson(body))) };
}

/** A proof envelope of a single file, as cortex-proofs makes it. */
export interface FileEnvelopeInput extends Pick<EnvelopeInput, 'time' | 'actor' | 'context' | 'evidence' | 'policyReceipts' | 'trace'> {
  readonly artifact: { readonly uri: string; readonly mime: string; readonly sha256: string };
  readonly runtime: ProofEnvelope['runtime'];
  /** Further files by their URIs; undefined when there are none. */
  readonly bundle: ProofEnvelope['bundle'];
}

/** `id` as under Nx: made of the time and the content. */
export function buildFileEnvelope({ time, artifact: { uri, mime, sha256 }, bundle, trace, policyReceipts, ...input }: FileEnvelopeInput): ProofEnvelope {
  const body: Omit<ProofEnvelope, 'id'> = {
    proofSpec: 'cortex-os/proof-artifact',
    specVersion: '0.2.0',
    issuedAt: time,
    actor: input.actor,
    artifact: { uri, mime, contentHash: { alg: 'sha256', hex: sha256 } },
    context: input.context,
    evidence: [...input.evidence],
    runtime: input.runtime,
    ...(bundle === undefined ? {} : { bundle }),
    ...(trace === undefined ? {} : { trace }),
    ...(policyReceipts === undefined ? {} : { policyReceipts: [...policyReceipts] }),
  };
  return { ...body, id: envelopeId(Date.parse(time), sha256Hex(canonicalJson(body))) };
}

/** What the envelope's `artifact` must be: the first folder root, else the first file. */
export function envelopeArtifact({ files, folders }: Pick<EnvelopeInput, 'files' | 'folders'>): ProofEnvelope['artifact'] {
  const [folder] = folders;
  if (folder !== undefined) {
    return { uri: workspaceUri(folder.path, 'folder'), mime: 'inode/directory', contentHash: { alg: 'sha256', hex: folder.dirHash } };
  }
  const [file] = files;
  if (file === undefined) throw new TypeError('an envelope needs at least one file or folder');
  return { uri: workspaceUri(file.path), mime: 'application/octet-stream', contentHash: { alg: 'sha256', hex: file.sha256 } };
}

/** ULID (https://github.com/ulid/spec): 48 bits of milliseconds, 80 bits of entropy, here taken from a digest. */
function envelopeId(milliseconds: number, digestHex: string): string {
  return uuidToULID(`${milliseconds.toString(16).padStart(12, '0')}${digestHex.slice(0, 20)}`.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'));
}

/** sha256 of the envelope's RFC 8785 bytes without `attestations`: what the signed statement binds. */
export function envelopeBinding(envelope: ProofEnvelope): string {
  const { attestations, ...bound } = envelope;
  return sha256Hex(canonicalJson(bound));
}

/** The envelope with the attestation of its bundle; `bundle` is the exact bytes of the bundle's JSON document. */
export function attestEnvelope(envelope: ProofEnvelope, bundle: Uint8Array, issuer: string): ProofEnvelope {
  const attestation: Attestation = {
    type: 'in-toto',
    predicateType: PREDICATE_TYPE,
    statement: Buffer.from(bundle).toString('base64'),
    signing: { method: 'sigstore-cosign', issuer },
  };
  return { ...envelope, attestations: [attestation] };
}

/** @throws ProofError JSON_INVALID, ENVELOPE_INVALID naming the field */
export function readEnvelope(bytes: Uint8Array): ProofEnvelope {
  return requireEnvelope(parseJson(bytes, 'proof envelope'));
}

/** @throws ProofError ENVELOPE_INVALID naming the field */
export function requireEnvelope(value: unknown): ProofEnvelope {
  return validated<ProofEnvelope>(validateProofEnvelope, value, 'proof envelope', 'ENVELOPE_INVALID');
}
