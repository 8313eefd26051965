import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toTrustMaterial, type TrustMaterial } from '@sigstore/verify';
import { parseJson } from '../model/json';

/** What certificates, log entries and timestamps are verified with, from the bytes of a trusted_root.json that was checked (src/trust). */
export function trustMaterial(trustedRoot: Uint8Array): TrustMaterial {
  return toTrustMaterial(TrustedRoot.fromJSON(parseJson(trustedRoot, 'trusted_root.json')));
}
