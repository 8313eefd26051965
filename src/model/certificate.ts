import { createPublicKey, type KeyObject } from 'node:crypto';
import { X509Certificate } from '@sigstore/core';

/** What a signing certificate says; nothing of it is verified. */
export interface Certificate {
  readonly der: Buffer;
  readonly publicKey: KeyObject;
  /** The subject alternative name: a URI or an email address. */
  readonly identity: string | undefined;
  /** The OIDC issuer that vouched for the identity. */
  readonly issuer: string | undefined;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md: the issuer as a UTF8String, and in older certificates as bare text. */
const ISSUER = '1.3.6.1.4.1.57264.1.8';
const ISSUER_V1 = '1.3.6.1.4.1.57264.1.1';

/** Reads a certificate, DER or PEM. Throws whatever the parsers throw for bytes that are none. */
export function readCertificate(encoded: Uint8Array | string): Certificate {
  const certificate = X509Certificate.parse(typeof encoded === 'string' ? encoded : Buffer.from(encoded));
  const issuer = certificate.extension(ISSUER)?.valueObj.subs[0]?.value ?? certificate.extension(ISSUER_V1)?.value;
  return {
    der: certificate.root.toDER(),
    publicKey: createPublicKey({ key: certificate.publicKey, format: 'der', type: 'spki' }),
    identity: certificate.subjectAltName,
    issuer: issuer?.toString('utf8'),
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
  };
}

/** RFC 7468 */
export function certificatePem({ der }: Certificate): string {
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;
}

/** The DER of the first certificate in a PEM text; undefined when there is none. */
export function pemToDer(pem: string): Buffer | undefined {
  const body = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(pem)?.[1];
  return body === undefined ? undefined : Buffer.from(body, 'base64');
}

/** The DER of a PEM text that is one certificate or one public key (SPKI) and nothing else; undefined for any other. */
export function pemBlock(pem: string): Buffer | undefined {
  const [, , body] = /^\s*-----BEGIN (CERTIFICATE|PUBLIC KEY)-----([A-Za-z0-9+/=\s]+)-----END \1-----\s*$/.exec(pem) ?? [];
  return body === undefined ? undefined : Buffer.from(body, 'base64');
}
