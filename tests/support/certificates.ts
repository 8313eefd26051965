import { readEnvelope, attestEnvelope } from '../../src/model/envelope';
import { jsonDocument } from '../../src/model/json';
import type { ServiceOptions } from '../../src/sign/keyless';
import { openKeyless } from './keyless';
import { files } from './proofs';
import type { Sigstore } from './sigstore';
import type { TestWorkspace } from './workspace';

/** What a bundle holds, as far as tests change it. */
export interface BundleJson {
  mediaType: string;
  dsseEnvelope: { payload: string; signatures: { sig: string }[] };
  verificationMaterial: {
    certificate?: { rawBytes: string };
    x509CertificateChain?: { certificates: { rawBytes: string }[] };
    tlogEntries: {
      logIndex: string;
      logId: { keyId: string };
      integratedTime: string;
      kindVersion: { kind: string; version: string };
      canonicalizedBody: string;
      inclusionPromise?: { signedEntryTimestamp: string };
      inclusionProof?: { logIndex: string; rootHash: string; treeSize: string; hashes: string[]; checkpoint: { envelope: string } };
    }[];
    timestampVerificationData?: { rfc3161Timestamps: { signedTimestamp: string }[] };
  };
}

export const parseBundle = (bundle: Uint8Array): BundleJson => JSON.parse(Buffer.from(bundle).toString()) as BundleJson;

/** The bundle with an edit. */
export function editBundle(bundle: Uint8Array, edit: (json: BundleJson) => void): Buffer {
  const json = parseBundle(bundle);
  edit(json);
  return Buffer.from(jsonDocument(json));
}

/** Base64 with one byte of what it stands for changed: the last, unless given. */
export function flip(base64: string, index = -1): string {
  const bytes = Buffer.from(base64, 'base64');
  const at = index < 0 ? bytes.length + index : index;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes.toString('base64');
}

/** The services of the loopback Sigstore: Rekor v1, v1 with timestamps, v2 with timestamps, or timestamps alone. */
export function servicesOf(sigstore: Sigstore, kind: 'v1' | 'v1+tsa' | 'v2' | 'tsa'): ServiceOptions {
  const { fulcio, rekor, rekorV2, tsa } = sigstore;
  const fulcioUrl = fulcio.url;
  if (kind === 'v1') return { fulcioUrl, rekorUrl: rekor.url };
  if (kind === 'v1+tsa') return { fulcioUrl, rekorUrl: rekor.url, tsaUrl: tsa.url };
  return kind === 'v2' ? { fulcioUrl, rekorUrl: rekorV2.url, rekorVersion: 2, tsaUrl: tsa.url } : { fulcioUrl, tsaUrl: tsa.url, tlog: 'none' };
}

/** Signs bytes with a certificate for the claims, as the loopback Sigstore issues it. */
export async function signKeyless(sigstore: Sigstore, payload: Uint8Array, claims: object = {}, kind: Parameters<typeof servicesOf>[1] = 'v1'): Promise<Buffer> {
  const { signer, http } = await openKeyless(sigstore, { token: sigstore.oidc.token({ ...claims }), services: servicesOf(sigstore, kind) });
  try {
    return await signer.sign(payload);
  } finally {
    await http.close();
  }
}

/** Writes a bundle as the proof of a project, with an envelope that carries it. */
export async function placeBundle(ws: TestWorkspace, bundle: Buffer, issuer: string, name = 'app'): Promise<void> {
  await ws.write(files(ws, name).bundle, bundle);
  const envelope = readEnvelope(Buffer.from(await ws.read(files(ws, name).unsigned)));
  await ws.write(files(ws, name).envelope, jsonDocument(attestEnvelope(envelope, bundle, issuer)));
}

