import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

/** The parts of a Sigstore bundle that these tests look at, written from the specifications and not from the code under test. */
export interface Bundle {
  mediaType: string;
  verificationMaterial: { publicKey?: { hint?: string } };
  dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string; keyid?: string }[] };
}

export interface StatementLike {
  _type: string;
  subject: { name: string; digest: Record<string, string> }[];
  predicate: {
    buildDefinition: {
      externalParameters: Record<string, unknown>;
      resolvedDependencies: { name: string; uri?: string; digest?: Record<string, string>; annotations?: Record<string, unknown> }[];
    };
    runDetails: { builder: { id: string }; byproducts: { name: string; digest: Record<string, string> }[] };
  };
}

/** https://github.com/secure-systems-lab/dsse/blob/master/protocol.md: what is signed. */
function preAuthEncoding(type: string, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `), payload]);
}

export function payloadOf(bundle: Bundle): Buffer {
  return Buffer.from(bundle.dsseEnvelope.payload, 'base64');
}

export function statementOf(bundle: Bundle): StatementLike {
  return JSON.parse(payloadOf(bundle).toString('utf8')) as StatementLike;
}

/** The bundle with another payload; signed anew when a key is given, else under the old signature. */
export function withPayload(bundle: Bundle, payload: Buffer, key?: KeyObject): Bundle {
  const { payloadType } = bundle.dsseEnvelope;
  const signatures = key === undefined ? bundle.dsseEnvelope.signatures : [{ sig: sign('sha256', preAuthEncoding(payloadType, payload), key).toString('base64') }];
  return { ...bundle, dsseEnvelope: { payload: payload.toString('base64'), payloadType, signatures } };
}

/** RFC 8785 for the plain data of statements: members sorted by UTF-16 code units, no white space, and the final newline that nx-proof writes. */
export function canonicalBytes(value: unknown): Buffer {
  const sorted = (item: unknown): unknown => {
    if (Array.isArray(item)) return item.map(sorted);
    if (typeof item !== 'object' || item === null) return item;
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, sorted(member)]));
  };
  return Buffer.from(`${JSON.stringify(sorted(value))}\n`);
}

/** True when exactly the payload of the bundle was signed by the key. */
export function signedBy(bundle: Bundle, publicKey: KeyObject): boolean {
  const { payloadType, signatures } = bundle.dsseEnvelope;
  const signed = preAuthEncoding(payloadType, payloadOf(bundle));
  return signatures.length === 1 && verify('sha256', signed, publicKey, Buffer.from(signatures[0]?.sig ?? '', 'base64'));
}

export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** sha256 of the public key's SPKI DER, in hex. */
export function fingerprintOf(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return sha256(publicKey.export({ type: 'spki', format: 'der' }));
}
