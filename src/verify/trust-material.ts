import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toTrustMaterial, type TrustMaterial } from '@sigstore/verify';
import { parseJson } from '../model/json';
import { SealedCertificate } from '../model/sealed-certificate';

/**
 * What certificates, log entries and timestamps are verified with, from the bytes of a trusted_root.json that was checked (src/trust). What one
 * authority says of another is verified once for all that the material is used for.
 */
export function trustMaterial(trustedRoot: Uint8Array): TrustMaterial {
  const material = toTrustMaterial(TrustedRoot.fromJSON(parseJson(trustedRoot, 'trusted_root.json')));
  return { ...material, certificateAuthorities: material.certificateAuthorities.map(sealed), timestampAuthorities: material.timestampAuthorities.map(sealed) };
}

type Authority = TrustMaterial['certificateAuthorities'][number];

const sealed = ({ certChain, ...authority }: Authority): Authority => ({ ...authority, certChain: certChain.map((certificate) => new SealedCertificate(certificate)) });
