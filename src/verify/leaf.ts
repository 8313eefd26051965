import { createPublicKey, X509Certificate } from 'node:crypto';
import type { TrustMaterial } from '@sigstore/verify';
import type { ParsedBundle } from '../model/bundle';

/** RFC 5280 section 4.2.1.12: id-kp-codeSigning. */
const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';

/** DER of the certificate that a bundle was signed with: of a chain the first. The others are what the trust root holds, or count for nothing. */
export function leafOf({ bundle }: ParsedBundle): Buffer | undefined {
  const { content } = bundle.verificationMaterial;
  if (content.$case === 'certificate') return Buffer.from(content.certificate.rawBytes);
  return content.$case === 'x509CertificateChain' ? Buffer.from(content.x509CertificateChain.certificates[0]?.rawBytes ?? []) : undefined;
}

/**
 * Why the certificate is none to sign statements with, or is not in the very bytes that an authority of the trust root signed: the library encodes a
 * certificate anew before it verifies its signature, and so accepts encodings that are not DER. undefined when nothing is wrong.
 */
export function leafProblem(der: Buffer, { certificateAuthorities }: TrustMaterial): string | undefined {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(der);
  } catch {
    return 'the certificate cannot be decoded';
  }
  if (!certificate.raw.equals(der)) return 'the certificate is not in DER';
  // `keyUsage` is what Node calls the extended key usage.
  const usages: readonly string[] | undefined = certificate.keyUsage;
  if (certificate.ca || usages?.includes(CODE_SIGNING) !== true) return 'the certificate is not one for signing code';
  const issuers = certificateAuthorities.flatMap(({ certChain }) => certChain);
  const isSigned = issuers.some(({ publicKey }) => certificate.verify(createPublicKey({ key: publicKey, format: 'der', type: 'spki' })));
  return isSigned ? undefined : 'no certificate authority of the trust root signed the certificate';
}
