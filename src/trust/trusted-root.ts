import { X509Certificate, createPublicKey } from 'node:crypto';
import { ProofError, type ErrorCode } from '../errors';
import { parseJson } from '../model/json';

/** The largest trusted_root.json that is read, in bytes; the public-good one has 7 KB. */
export const MAX_TRUSTED_ROOT_BYTES = 1024 * 1024;

/** https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto, the old and the new name of the format. */
const MEDIA_TYPES = ['application/vnd.dev.sigstore.trustedroot+json;version=0.1', 'application/vnd.dev.sigstore.trustedroot.v0.2+json'];
const MAX_ENTRIES = 64;
const MAX_CERTIFICATES = 16;
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Checks a trusted root before anything believes it. Sigstore's own reader takes an authority without a start of validity to be valid since 1970, and
 * reports keys that cannot be decoded only when a signature needs them. Unknown fields are left alone: the format grows.
 * @param what names the document in messages
 * @throws ProofError with `code`, naming the field as a JSON Pointer
 */
export function checkTrustedRoot(bytes: Uint8Array, what: string, code: ErrorCode): void {
  const refuse: Refuse = (field, message) => {
    throw new ProofError(code, `${what}: ${field === '' ? '/' : field} ${message}`, { details: { what, field } });
  };
  if (bytes.length > MAX_TRUSTED_ROOT_BYTES) return refuse('', `has ${bytes.length} bytes; at most ${MAX_TRUSTED_ROOT_BYTES} are read`);
  const root = objectOf(parseJson(bytes, what, code), '', refuse);
  const mediaType = root['mediaType'];
  if (typeof mediaType !== 'string' || !MEDIA_TYPES.includes(mediaType)) refuse('/mediaType', `is ${JSON.stringify(mediaType)}; it must be one of ${MEDIA_TYPES.join(', ')}`);
  const logs = [...entries(root, 'tlogs', refuse), ...entries(root, 'ctlogs', refuse)];
  const authorities = [...entries(root, 'certificateAuthorities', refuse), ...entries(root, 'timestampAuthorities', refuse)];
  if (logs.length + authorities.length === 0) refuse('', 'names no log and no authority');
  for (const [field, log] of logs) checkLog(log, field, refuse);
  for (const [field, authority] of authorities) checkAuthority(authority, field, refuse);
}

type Refuse = (field: string, message: string) => never;

function checkLog(log: Fields, field: string, refuse: Refuse): void {
  const key = objectOf(log['publicKey'], `${field}/publicKey`, refuse);
  const der = bytesOf(key['rawBytes'], `${field}/publicKey/rawBytes`, refuse);
  // PKCS1_RSA_PKCS1V5 and PKCS1_RSA_PSS hold an RSAPublicKey, all others a SubjectPublicKeyInfo.
  const isPkcs1 = typeof key['keyDetails'] === 'string' && key['keyDetails'].startsWith('PKCS1_');
  decoded(() => createPublicKey({ key: der, format: 'der', type: isPkcs1 ? 'pkcs1' : 'spki' }), `${field}/publicKey/rawBytes`, refuse);
  checkValidity(key, `${field}/publicKey`, refuse);
  bytesOf(objectOf(log['logId'], `${field}/logId`, refuse)['keyId'], `${field}/logId/keyId`, refuse);
}

function checkAuthority(authority: Fields, field: string, refuse: Refuse): void {
  const chain = objectOf(authority['certChain'], `${field}/certChain`, refuse);
  const certificates = entries(chain, 'certificates', refuse, `${field}/certChain`);
  if (certificates.length === 0 || certificates.length > MAX_CERTIFICATES) refuse(`${field}/certChain/certificates`, `must have 1 to ${MAX_CERTIFICATES} certificates`);
  for (const [place, certificate] of certificates) {
    const der = bytesOf(certificate['rawBytes'], `${place}/rawBytes`, refuse);
    decoded(() => new X509Certificate(der), `${place}/rawBytes`, refuse);
  }
  checkValidity(authority, field, refuse);
}

/** Without a start, a key or authority would vouch for times before it existed, or before it was believed. */
function checkValidity(holder: Fields, field: string, refuse: Refuse): void {
  const period = objectOf(holder['validFor'], `${field}/validFor`, refuse);
  const start = timeOf(period['start'], `${field}/validFor/start`, refuse);
  if (period['end'] !== undefined && timeOf(period['end'], `${field}/validFor/end`, refuse) < start) refuse(`${field}/validFor`, 'ends before it starts');
}

function timeOf(value: unknown, field: string, refuse: Refuse): number {
  const time = typeof value === 'string' && DATE_TIME.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? refuse(field, `is ${JSON.stringify(value) ?? 'missing'}; it must be a date and time (RFC 3339)`) : time;
}

function bytesOf(value: unknown, field: string, refuse: Refuse): Buffer {
  const bytes = Buffer.from(typeof value === 'string' ? value : '', 'base64');
  return bytes.length === 0 ? refuse(field, 'must hold bytes in base64') : bytes;
}

function decoded(decode: () => unknown, field: string, refuse: Refuse): void {
  try {
    decode();
  } catch {
    refuse(field, 'cannot be decoded');
  }
}

function objectOf(value: unknown, field: string, refuse: Refuse): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : refuse(field, 'must be an object');
}

/** The objects of a list, none when it is absent, each with its JSON Pointer. */
function entries(parent: Fields, name: string, refuse: Refuse, prefix = ''): (readonly [string, Fields])[] {
  const list = parent[name] ?? [];
  if (!Array.isArray(list) || list.length > MAX_ENTRIES) return refuse(`${prefix}/${name}`, `must be a list of at most ${MAX_ENTRIES}`);
  return list.map((item: unknown, index) => [`${prefix}/${name}/${index}`, objectOf(item, `${prefix}/${name}/${index}`, refuse)] as const);
}
