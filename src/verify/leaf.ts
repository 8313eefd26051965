import { X509Certificate } from 'node:crypto';
import type { TrustMaterial } from '@sigstore/verify';
import { LRUCache } from 'lru-cache';
import type { SignatureBundle } from '../model/bundle';
import { sha256Hex } from '../model/digest';
import { SealedCertificate } from '../model/sealed-certificate';

/** RFC 5280 section 4.2.1.12: id-kp-codeSigning. */
const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';

/** DER of the certificate that a bundle was signed with: of a chain the first. The others are what the trust root holds, or count for nothing. */
export function leafOf({ bundle }: SignatureBundle): Buffer | undefined {
  const { content } = bundle.verificationMaterial;
  if (content.$case === 'certificate') return Buffer.from(content.certificate.rawBytes);
  return content.$case === 'x509CertificateChain' ? Buffer.from(content.x509CertificateChain.certificates[0]?.rawBytes ?? []) : undefined;
}

/** A certificate to sign statements with, as far as its bytes alone can tell. */
export interface Leaf {
  readonly certificate: SealedCertificate;
  /** As OpenSSL reads it. */
  readonly native: X509Certificate;
  /** Whether it was, by the certificate of the authority, for as long as that is in use. */
  readonly issuedBy: WeakMap<Authority, boolean>;
}

type Authority = TrustMaterial['certificateAuthorities'][number]['certChain'][number];

/** By the sha256 of their bytes: the statements of one signing session share a certificate. */
const leaves = new LRUCache<string, Leaf>({ max: 256 });

/**
 * The certificate, or what is wrong with it. It must be in DER: the library encodes a certificate anew before it verifies its signature, and so accepts
 * other encodings.
 */
export function openLeaf(der: Buffer): Leaf | string {
  const name = sha256Hex(der);
  const leaf = leaves.get(name) ?? readLeaf(der);
  if (typeof leaf !== 'string') leaves.set(name, leaf);
  return leaf;
}

function readLeaf(der: Buffer): Leaf | string {
  try {
    const native = new X509Certificate(der);
    const certificate = SealedCertificate.read(der);
    if (!certificate.root.toDER().equals(der)) return 'the certificate is not in DER';
    // `keyUsage` is what Node calls the extended key usage.
    const usages: readonly string[] | undefined = native.keyUsage;
    return native.ca || usages?.includes(CODE_SIGNING) !== true ? 'the certificate is not one for signing code' : { certificate, native, issuedBy: new WeakMap() };
  } catch {
    return 'the certificate cannot be decoded';
  }
}

/**
 * Why the trust root does not stand for the certificate; undefined when one of its authorities signed it. OpenSSL is asked, which sees to what the library
 * leaves open: the algorithm that is named outside of the signed part, and the bits of the signature that are not used.
 */
export function issuerProblem(leaf: Leaf, { certificateAuthorities }: TrustMaterial): string | undefined {
  const issuers = certificateAuthorities.flatMap(({ certChain }) => certChain);
  return issuers.some((issuer) => isIssuedBy(leaf, issuer)) ? undefined : 'no certificate authority of the trust root signed the certificate';
}

function isIssuedBy({ native, issuedBy }: Leaf, issuer: Authority): boolean {
  const isIssued = issuedBy.get(issuer) ?? native.verify(SealedCertificate.keyOf(issuer));
  issuedBy.set(issuer, isIssued);
  return isIssued;
}

/**
 * Why the certificates beside the first are not such as belong into a bundle: the trust root alone says what the root is, so that a bundle must not bring
 * one (https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto, `x509_certificate_chain`). undefined when nothing is wrong.
 */
export function chainProblem({ bundle }: SignatureBundle): string | undefined {
  const { content } = bundle.verificationMaterial;
  if (content.$case !== 'x509CertificateChain') return undefined;
  return content.x509CertificateChain.certificates.some(({ rawBytes }) => isRoot(rawBytes)) ? 'the certificate chain of the bundle has a root, or what is no certificate' : undefined;
}

function isRoot(der: Uint8Array): boolean {
  try {
    const { issuer, subject } = new X509Certificate(der);
    return issuer === subject;
  } catch {
    return true;
  }
}
