import { checkLogEntryFields } from './bundle-log';
import type { strictFields, ObjectField } from './fields';

type Strict = ReturnType<typeof strictFields>;

const MATERIALS = ['publicKey', 'certificate', 'x509CertificateChain'] as const;
export type MaterialKind = (typeof MATERIALS)[number];
export const MATERIAL_FIELDS: readonly string[] = [...MATERIALS, 'tlogEntries', 'timestampVerificationData'];

/** What a bundle says of who signed and when; nothing of it is verified. */
export interface Material {
  readonly material: MaterialKind;
  /** Of a public key; says nothing about who signed. */
  readonly hint: string | undefined;
  readonly tlogEntries: number;
  readonly timestamps: number;
}

/** Reads the `verificationMaterial` of a bundle: https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto */
export function readMaterial(strict: Strict, found: ObjectField): Material {
  const kinds = MATERIALS.filter((kind) => kind in found.value);
  const [material] = kinds;
  if (material === undefined) return strict.refuse('BUNDLE_INVALID', found.field, `must have one of ${MATERIALS.join(', ')}`);
  if (kinds.length > 1) strict.refuse('BUNDLE_AMBIGUOUS', found.field, `has more than one of ${MATERIALS.join(', ')}`);
  const entries = strict.list(found, 'tlogEntries');
  entries.forEach((value, index) => checkLogEntryFields(strict, value, `${found.field}/tlogEntries/${index}`));
  return { material, hint: readSignerMaterial(strict, found, material), tlogEntries: entries.length, timestamps: readTimestamps(strict, found) };
}

/** The hint of a public key; of certificates only the form is checked. */
function readSignerMaterial(strict: Strict, found: ObjectField, material: MaterialKind): string | undefined {
  if (material === 'publicKey') {
    const key = strict.member(found, 'publicKey', ['hint']);
    return 'hint' in key.value ? strict.text(key, 'hint') : undefined;
  }
  if (material === 'certificate') {
    strict.base64(strict.member(found, 'certificate', ['rawBytes']), 'rawBytes');
    return undefined;
  }
  const chain = strict.member(found, 'x509CertificateChain', ['certificates']);
  strict.list(chain, 'certificates').forEach((value, index) => strict.base64(strict.object(value, `${chain.field}/certificates/${index}`, ['rawBytes']), 'rawBytes'));
  return undefined;
}

function readTimestamps(strict: Strict, found: ObjectField): number {
  if (!('timestampVerificationData' in found.value)) return 0;
  const data = strict.member(found, 'timestampVerificationData', ['rfc3161Timestamps']);
  const timestamps = strict.list(data, 'rfc3161Timestamps');
  timestamps.forEach((value, index) => strict.base64(strict.object(value, `${data.field}/rfc3161Timestamps/${index}`, ['signedTimestamp']), 'signedTimestamp'));
  return timestamps.length;
}
