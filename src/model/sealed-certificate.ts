import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { ASN1Obj, X509Certificate } from '@sigstore/core';

/**
 * An ASN.1 object whose parts do not change any more, so that what is derived from them is derived once. Its list of parts is frozen: code that
 * would change it throws, instead of leaving an encoding behind that is out of date.
 */
class SealedObject extends ASN1Obj {
  #der: Buffer | undefined;
  #oid: string | undefined;

  constructor({ tag, value, subs }: ASN1Obj) {
    const parts: ASN1Obj[] = subs.map((sub) => new SealedObject(sub));
    super(tag, value, parts);
    Object.freeze(parts);
  }

  /** A copy: nobody can write into the one that is remembered. */
  override toDER(): Buffer {
    return Buffer.from((this.#der ??= encode(this)));
  }

  override toOID(): string {
    return (this.#oid ??= super.toOID());
  }
}

/** An object with parts that can be changed: encoded anew each time. */
class OpenObject extends ASN1Obj {
  override toDER(): Buffer {
    return encode(this);
  }
}

/** ITU-T X.690 section 8.1, definite form: what the library's own encoder gives, without a kilobyte of memory for each of some hundred parts. */
function encode({ tag, value, subs }: ASN1Obj): Buffer {
  const content = subs.length === 0 ? value : Buffer.concat(subs.map((sub) => sub.toDER()));
  return Buffer.concat([Buffer.of(tag.toDER(), ...encodeLength(content.length)), content]);
}

function encodeLength(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 0x100)) bytes.unshift(rest % 0x100);
  return [0x80 | bytes.length, ...bytes];
}

/**
 * A certificate that remembers what is derived from its bytes alone: its encoding, its key, and whether the key of another certificate made its
 * signature. Nothing that depends on the time, on a policy or on a trust root is remembered; other than by the time that it takes it does not differ from the
 * library's certificate.
 */
export class SealedCertificate extends X509Certificate {
  /** By the certificate of the issuer, for as long as that is in use: another object, say of another trust root, is asked anew. */
  readonly #signedBy = new WeakMap<X509Certificate, boolean>();
  #key: KeyObject | undefined;

  constructor({ root }: X509Certificate) {
    super(new SealedObject(root));
  }

  /** Reads a certificate, DER. Throws whatever the parser throws for bytes that are none. */
  static read(der: Uint8Array): SealedCertificate {
    return new SealedCertificate(X509Certificate.parse(Buffer.from(der)));
  }

  /** The key of a certificate. Throws what Node.js throws for one that it cannot decode. */
  static keyOf(certificate: X509Certificate): KeyObject {
    const key = certificate instanceof SealedCertificate ? certificate.#key : undefined;
    const found = key ?? createPublicKey({ key: certificate.publicKey, format: 'der', type: 'spki' });
    if (certificate instanceof SealedCertificate) certificate.#key = found;
    return found;
  }

  override verify(issuer: X509Certificate = this): boolean {
    const known = this.#signedBy.get(issuer);
    if (known !== undefined) return known;
    const isSigned = this.#isSignedBy(SealedCertificate.keyOf(issuer));
    this.#signedBy.set(issuer, isSigned);
    return isSigned;
  }

  /** A certificate to take parts out of, as a verifier of certificate timestamps does (RFC 6962 section 3.2). */
  override clone(): X509Certificate {
    return new X509Certificate(unsealed(this.root, EXTENSION_LIST_DEPTH));
  }

  #isSignedBy(key: KeyObject): boolean {
    try {
      return verify(this.signatureAlgorithm, this.tbsCertificate.toDER(), key, this.signatureValue);
    } catch {
      return false;
    }
  }
}

/** RFC 5280 section 4.1: Certificate, TBSCertificate, [3], Extensions. */
const EXTENSION_LIST_DEPTH = 4;

/** The first levels of an object with lists of parts that can be changed; what is below is shared. */
function unsealed(object: ASN1Obj, levels: number): ASN1Obj {
  return levels === 0 ? object : new OpenObject(object.tag, object.value, object.subs.map((sub) => unsealed(sub, levels - 1)));
}
