import type { X509Certificate } from '@sigstore/core';

/**
 * What a CA says of a signer, https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md. Certificates of an email address have an identity and an
 * issuer alone.
 */
export interface CertificateClaims {
  /** The OIDC issuer that vouched for the identity. */
  readonly issuer: string;
  /** The one subject alternative name: a URI or an email address. */
  readonly identity: string;
  /** Build Signer URI: the workflow, with its ref, that ran the job. */
  readonly builder: string | undefined;
  /** Source Repository URI. */
  readonly repository: string | undefined;
  /** Source Repository Digest: the commit. */
  readonly commit: string | undefined;
  /** Source Repository Ref. */
  readonly ref: string | undefined;
}

const FULCIO = '1.3.6.1.4.1.57264.1';
const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
/** ITU-T X.690 tag numbers. */
const UTF8_STRING = 12;
const SEQUENCE = 16;
/** GeneralName of RFC 5280 section 4.2.1.6: rfc822Name and uniformResourceIdentifier. */
const NAMES: readonly number[] = [1, 6];

/**
 * Reads what a certificate claims; whether to believe it is for the verifier of its signature.
 * @param certificate one whose encoding is known to be DER
 * Throws an Error that says what is missing or doubled.
 */
export function readCertificateClaims(certificate: X509Certificate): CertificateClaims {
  const values = extensionsOf(certificate);
  const claim = (arc: number): string | undefined => {
    const value = values.get(`${FULCIO}.${arc}`);
    return value === undefined ? undefined : readUtf8String(value, arc);
  };
  // The first arcs hold bare text, as the issuer of older certificates.
  const issuer = claim(8) ?? values.get(`${FULCIO}.1`)?.value.toString('utf8');
  if (issuer === undefined || issuer === '') throw new Error('the certificate names no OIDC issuer');
  return { issuer, identity: readIdentity(values), builder: claim(9), repository: claim(12), commit: claim(13), ref: claim(14) };
}

type Extension = X509Certificate['extensions'][number];
interface Value {
  /** The bytes of the extension's OCTET STRING. */
  readonly value: Buffer;
  /** What they encode, where that is DER. */
  readonly parts: Extension['subs'];
}

/** RFC 5280 section 4.2: an extension appears once. A second one could be what somebody else reads. */
function extensionsOf(certificate: X509Certificate): ReadonlyMap<string, Value> {
  const found = new Map<string, Value>();
  for (const extension of certificate.extensions) {
    const oid = extension.subs[0]?.toOID() ?? '';
    const content = extension.subs.at(-1);
    if (content === undefined || found.has(oid)) throw new Error(`the certificate has the extension ${oid} twice`);
    found.set(oid, { value: content.value, parts: content.subs });
  }
  return found;
}

function readUtf8String({ parts }: Value, arc: number): string {
  const [text, ...more] = parts;
  if (text === undefined || more.length > 0 || !text.tag.isUniversal() || text.tag.number !== UTF8_STRING) throw new Error(`the certificate's extension ${FULCIO}.${arc} is no UTF8String`);
  return text.value.toString('utf8');
}

function readIdentity(values: ReadonlyMap<string, Value>): string {
  const [list] = values.get(SUBJECT_ALTERNATIVE_NAME)?.parts ?? [];
  const [name, ...more] = list?.tag.number === SEQUENCE ? list.subs : [];
  if (name === undefined || more.length > 0) throw new Error(`the certificate has ${1 + more.length - Number(name === undefined)} subject alternative names; one is needed`);
  if (!name.tag.isContextSpecific() || !NAMES.includes(name.tag.number)) throw new Error('the subject alternative name of the certificate is neither a URI nor an email address');
  return name.value.toString('utf8');
}
