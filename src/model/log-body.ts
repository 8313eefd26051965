import { pemToDer } from './certificate';
import { parseJson } from './json';

/** What a transparency log recorded of a signature in a DSSE envelope. */
export interface LogBody {
  readonly kind: string;
  readonly version: string;
  /** sha256, in hex, of the payload, or of its pre-authentication encoding: the bytes that were signed. */
  readonly digest: { readonly of: 'payload' | 'encoding'; readonly sha256: string };
  readonly signature: Buffer;
  /** DER. */
  readonly certificate: Buffer;
}

type Read = (spec: unknown) => Pick<LogBody, 'digest' | 'signature' | 'certificate'>;

/** By kind and version. */
const KINDS: Readonly<Record<string, Read>> = {
  // https://github.com/sigstore/rekor/blob/main/pkg/types/dsse/v0.0.1/dsse_v0_0_1_schema.json
  'dsse 0.0.1': (spec) => {
    const signed = only(at(spec, 'signatures'));
    const pem = bytes(at(signed, 'verifier')).toString('latin1');
    return { digest: digestOf(at(spec, 'payloadHash', 'value'), at(spec, 'payloadHash', 'algorithm'), 'sha256', 'hex', 'payload'), signature: bytes(at(signed, 'signature')), certificate: pemToDer(pem) ?? Buffer.alloc(0) };
  },
  // https://github.com/sigstore/rekor-tiles/blob/main/api/proto/rekor/v2/entry.proto
  'dsse 0.0.2': (spec) => {
    const hash = at(spec, 'dsseV002', 'payloadHash');
    return { digest: digestOf(at(hash, 'digest'), at(hash, 'algorithm'), 'SHA2_256', 'base64', 'payload'), ...signatureV2(only(at(spec, 'dsseV002', 'signatures'))) };
  },
  'hashedrekord 0.0.2': (spec) => {
    const hash = at(spec, 'hashedRekordV002', 'data');
    return { digest: digestOf(at(hash, 'digest'), at(hash, 'algorithm'), 'SHA2_256', 'base64', 'encoding'), ...signatureV2(at(spec, 'hashedRekordV002', 'signature')) };
  },
};

const signatureV2 = (value: unknown): Pick<LogBody, 'signature' | 'certificate'> => ({
  signature: bytes(at(value, 'content')),
  certificate: bytes(at(value, 'verifier', 'x509Certificate', 'rawBytes')),
});

/**
 * Reads the body of a log entry about a signature by a certificate.
 * Throws an Error, or what the parsers throw, for any other body.
 */
export function readLogBody(body: Uint8Array): LogBody {
  const json = parseJson(body, 'log entry');
  const [kind, version] = [at(json, 'kind'), at(json, 'apiVersion')];
  if (typeof kind !== 'string' || typeof version !== 'string') throw new Error('the body of the log entry has no kind and version');
  const read = Object.hasOwn(KINDS, `${kind} ${version}`) ? KINDS[`${kind} ${version}`] : undefined;
  if (read === undefined) throw new Error(`the log entry is of the kind ${kind} ${version}, which is not one for DSSE envelopes`);
  return { kind, version, ...read(at(json, 'spec')) };
}

function at(value: unknown, ...names: readonly string[]): unknown {
  return names.reduce((parent, name) => (typeof parent === 'object' && parent !== null ? (parent as Readonly<Record<string, unknown>>)[name] : undefined), value);
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

function digestOf(value: unknown, algorithm: unknown, expected: string, encoding: 'hex' | 'base64', of: LogBody['digest']['of']): LogBody['digest'] {
  if (typeof value !== 'string' || algorithm !== expected) throw new Error(`the log entry has no ${expected} digest`);
  return { of, sha256: Buffer.from(value, encoding).toString('hex') };
}
