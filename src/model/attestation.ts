import { parseJson } from './json';
import type { ProofEnvelope } from './types';

/**
 * What the attestations of an envelope can prove: a Sigstore bundle over our statement has to be verified, `none` is none, and `legacy` is what the
 * tool before nx-proof wrote: a signature over the envelope itself, in the form that a library holds in memory.
 */
export type AttestationKind = { readonly kind: 'none' | 'legacy' } | { readonly kind: 'bundle'; readonly bytes: Buffer } | { readonly kind: 'invalid'; readonly problem: string };

export function attestationKind({ attestations = [] }: ProofEnvelope): AttestationKind {
  const [first] = attestations;
  if (first === undefined) return { kind: 'none' };
  if (attestations.every(({ statement }) => isLegacy(statement))) return { kind: 'legacy' };
  if (attestations.length > 1) return { kind: 'invalid', problem: `/attestations must have one entry, and has ${attestations.length}` };
  const bytes = Buffer.from(first.statement, 'base64');
  // Other readings of sloppy base64 would give other bytes.
  if (bytes.toString('base64') !== first.statement) return { kind: 'invalid', problem: '/attestations/0/statement is not canonical base64' };
  return { kind: 'bundle', bytes };
}

/**
 * Neither form is a Sigstore bundle over an in-toto statement, nor could it be read as one: the fields of @sigstore/bundle's objects
 * (`content.$case`), or a DSSE envelope whose payload is of the type application/json.
 */
function isLegacy(statement: string): boolean {
  try {
    const bundle = record(parseJson(Buffer.from(statement, 'base64'), 'attestation'));
    const content = record(bundle['content']);
    const isInMemory = content['$case'] === 'dsseEnvelope' && !('dsseEnvelope' in bundle);
    const envelope = record(isInMemory ? content['dsseEnvelope'] : bundle['dsseEnvelope']);
    return envelope['payloadType'] === 'application/json';
  } catch {
    return false;
  }
}

const record = (value: unknown): Readonly<Record<string, unknown>> => (typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {});
