import { generateKeyPairSync } from 'node:crypto';
import canonicalize from 'canonicalize';
import { preAuthEncoding } from '../../../src/model/bundle';
import { TransparencyLog } from './log';
import { HttpStatus, json, startService, type Service, type ServiceOptions } from './server';
import { newKeyPair, sha256 } from './x509';

export interface Rekor extends Service {
  readonly log: TransparencyLog;
}

interface Envelope {
  payload: string;
  payloadType: string;
  signatures: { sig: string }[];
}

const canonical = (value: unknown): Buffer => Buffer.from(canonicalize(value) ?? '');

interface ProposedV1 {
  kind: string;
  spec: { proposedContent?: { envelope: string; verifiers: string[] } };
}

/** A proposed entry as Rekor v1 stores it. */
function bodyV1(proposed: ProposedV1): Buffer {
  const content = proposed.spec.proposedContent;
  if (proposed.kind !== 'dsse' || content === undefined) return canonical(proposed);
  const envelope = JSON.parse(content.envelope) as Envelope;
  const digest = (data: Buffer): unknown => ({ algorithm: 'sha256', value: sha256(data).toString('hex') });
  const signatures = envelope.signatures.map(({ sig }, index) => ({ signature: sig, verifier: content.verifiers[index] }));
  return canonical({
    apiVersion: '0.0.1',
    kind: 'dsse',
    spec: { envelopeHash: digest(Buffer.from(content.envelope)), payloadHash: digest(Buffer.from(envelope.payload, 'base64')), signatures },
  });
}

/** https://github.com/sigstore/rekor/blob/main/openapi.yaml */
export async function startRekor(options: ServiceOptions): Promise<Rekor> {
  const log = new TransparencyLog(newKeyPair());
  const entries = new Map<string, unknown>();
  const create = (body: Buffer): [uuid: string, isNew: boolean] => {
    const uuid = `${'10'.repeat(8)}${sha256(Buffer.of(0), body).toString('hex')}`;
    if (entries.has(uuid)) return [uuid, false];
    const logIndex = log.append(body);
    const entry = { body: body.toString('base64'), integratedTime: Math.floor(Date.now() / 1000), logID: log.id.toString('hex'), logIndex };
    const inclusionProof = { checkpoint: log.checkpoint(), hashes: log.proof(logIndex).map((hash) => hash.toString('hex')), logIndex, rootHash: log.root().toString('hex'), treeSize: log.size };
    entries.set(uuid, { ...entry, verification: { signedEntryTimestamp: log.sign(canonical(entry)).toString('base64'), inclusionProof } });
    return [uuid, true];
  };
  const service = await startService(({ method, url, body }) => {
    const [, wanted = ''] = /^\/api\/v1\/log\/entries\/([0-9a-f]+)$/.exec(url.pathname) ?? [];
    if (method === 'GET' && entries.has(wanted)) return json({ [wanted]: entries.get(wanted) });
    if (method !== 'POST' || url.pathname !== '/api/v1/log/entries') throw new HttpStatus(404, 'not found');
    const [uuid, isNew] = create(bodyV1(JSON.parse(body.toString()) as ProposedV1));
    const headers = { location: `/api/v1/log/entries/${uuid}` };
    return isNew ? json({ [uuid]: entries.get(uuid) }, 201, headers) : json({ code: 409, message: `an equivalent entry already exists in the transparency log with UUID ${uuid}` }, 409, headers);
  }, options);
  log.origin = new URL(service.url).host;
  return Object.assign(service, { log });
}

interface RequestV2 {
  dsseRequestV002?: { envelope: Envelope; verifiers: unknown[] };
  hashedRekordRequestV002?: { digest: string; signature: unknown };
}

export interface RekorV2Options extends ServiceOptions {
  /** What the log stores for a DSSE envelope: newer logs a hashedrekord over the pre-authentication encoding, older ones a dsse entry. */
  readonly dsseKind?: 'dsse' | 'hashedrekord';
  readonly keyType?: 'ed25519' | 'ecdsa-p256';
}

function bodyV2(request: RequestV2, dsseKind: 'dsse' | 'hashedrekord'): { kind: string; body: Buffer } {
  const entry = (kind: string, spec: unknown): { kind: string; body: Buffer } => ({ kind, body: canonical({ apiVersion: '0.0.2', kind, spec }) });
  const hashedRekord = (digest: string, signature: unknown): { kind: string; body: Buffer } => entry('hashedrekord', { hashedRekordV002: { data: { algorithm: 'SHA2_256', digest }, signature } });
  if (request.hashedRekordRequestV002 !== undefined) return hashedRekord(request.hashedRekordRequestV002.digest, request.hashedRekordRequestV002.signature);
  if (request.dsseRequestV002 === undefined) throw new HttpStatus(400, 'bad request');
  const { envelope, verifiers } = request.dsseRequestV002;
  const payload = Buffer.from(envelope.payload, 'base64');
  const signatures = envelope.signatures.map(({ sig }, index) => ({ content: sig, verifier: verifiers[index] }));
  if (dsseKind === 'hashedrekord') return hashedRekord(sha256(preAuthEncoding(payload)).toString('base64'), signatures[0]);
  return entry('dsse', { dsseV002: { payloadHash: { algorithm: 'SHA2_256', digest: sha256(payload).toString('base64') }, signatures } });
}

/** https://github.com/sigstore/rekor-tiles/blob/main/api/proto/rekor_service.proto */
export async function startRekorV2(options: RekorV2Options): Promise<Rekor> {
  const log = new TransparencyLog(options.keyType === 'ecdsa-p256' ? newKeyPair() : generateKeyPairSync('ed25519'));
  const service = await startService(({ method, url, body }) => {
    if (method !== 'POST' || url.pathname !== '/api/v2/log/entries') throw new HttpStatus(404, 'not found');
    const { kind, body: stored } = bodyV2(JSON.parse(body.toString()) as RequestV2, options.dsseKind ?? 'hashedrekord');
    const index = String(log.append(stored));
    const inclusionProof = { logIndex: index, rootHash: log.root().toString('base64'), treeSize: String(log.size), hashes: log.proof(Number(index)).map((hash) => hash.toString('base64')), checkpoint: { envelope: log.checkpoint() } };
    return json({ logIndex: index, logId: { keyId: log.id.toString('base64') }, kindVersion: { kind, version: '0.0.2' }, integratedTime: '0', inclusionProof, canonicalizedBody: stored.toString('base64') }, 201);
  }, options);
  log.origin = new URL(service.url).host;
  return Object.assign(service, { log });
}
