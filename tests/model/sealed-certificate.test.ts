import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { EXTENSION_OID_SCT, X509Certificate } from '@sigstore/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { SealedCertificate } from '../../src/model/sealed-certificate';
import { publicGoodSeed } from '../../src/trust';
import { startSigstore } from '../support/sigstore';
import { IDENTITY } from '../support/sigstore/oidc';
import { KEY_USAGE, extension, nameOf, newAuthority, newKeyPair, signCertificate, toBeSigned, type Authority } from '../support/sigstore/x509';

/** Certificates of all kinds: of the public-good Sigstore, and of a loopback one. */
const corpus: Buffer[] = [];
let leaf: Buffer;

beforeAll(async () => {
  const { trustedRoot } = await publicGoodSeed();
  interface Chain {
    certChain: { certificates: { rawBytes: string }[] };
  }
  const root = JSON.parse(trustedRoot.toString()) as { certificateAuthorities: Chain[]; timestampAuthorities: Chain[] };
  for (const { certChain } of [...root.certificateAuthorities, ...root.timestampAuthorities]) corpus.push(...certChain.certificates.map(({ rawBytes }) => Buffer.from(rawBytes, 'base64')));
  const sigstore = await startSigstore();
  leaf = sigstore.fulcio.issue(newKeyPair().publicKey, { iss: sigstore.oidc.url, job_workflow_ref: IDENTITY.slice('https://github.com/'.length) });
  corpus.push(leaf, sigstore.fulcio.authority.certificate, ...sigstore.tsa.certificates);
  await sigstore.close();
});

const plain = (der: Buffer): X509Certificate => X509Certificate.parse(Buffer.from(der));

/** Everything that a certificate says of itself, by the public members of the library's class. */
function facts(certificate: X509Certificate): unknown {
  const { version, serialNumber, notBefore, notAfter, issuer, subject, publicKey, signatureAlgorithm, signatureValue, subjectAltName, isCA } = certificate;
  const { extKeyUsage, extBasicConstraints, extAuthorityKeyID, extSubjectKeyID, extSCT } = certificate;
  return {
    ...{ version, serialNumber, notBefore, notAfter, issuer, subject, publicKey, signatureAlgorithm, signatureValue, subjectAltName, isCA },
    der: certificate.root.toDER(),
    tbs: certificate.tbsCertificate.toDER(),
    extensions: certificate.extensions.map((each) => [each.subs[0]?.toOID(), each.toDER()]),
    usage: [extKeyUsage?.digitalSignature, extKeyUsage?.keyCertSign, extBasicConstraints?.isCA, extBasicConstraints?.pathLenConstraint],
    keys: [extAuthorityKeyID?.keyIdentifier, extSubjectKeyID?.keyIdentifier],
    scts: extSCT?.signedCertificateTimestamps.map(({ logID, datetime, signature }) => [logID, datetime, signature]),
  };
}

/** A CA under another, or under itself. */
function authority(name: string, keys: { publicKey: KeyObject; privateKey: KeyObject }, by?: Authority): Authority {
  const issuer = by ?? { name: nameOf(name), keys };
  const input = { subject: nameOf(name), publicKey: keys.publicKey, notBefore: new Date(0), notAfter: new Date('2049-01-01'), extensions: [KEY_USAGE.keyCertSign] };
  return { name: nameOf(name), keys, certificate: signCertificate(toBeSigned(issuer, input)(), issuer.keys.privateKey) };
}

describe('SealedCertificate', () => {
  it('says what the certificate of the library says, at the first time and at the second', () => {
    expect(corpus.length).toBeGreaterThan(8);
    for (const der of corpus) {
      const sealed = SealedCertificate.read(der);
      expect(facts(sealed)).toEqual(facts(plain(der)));
      expect(facts(sealed)).toEqual(facts(plain(der)));
      expect(sealed.root.toDER()).toEqual(der);
    }
  });

  it('verifies what the certificate of the library verifies, among all pairs', () => {
    const sealed = corpus.map((der) => SealedCertificate.read(der));
    let signed = 0;
    for (const [index, certificate] of sealed.entries()) {
      for (const [by, issuer] of sealed.entries()) {
        const expected = plain(corpus[index]!).verify(plain(corpus[by]!));
        signed += Number(expected);
        for (let time = 0; time < 2; time += 1) expect(certificate.verify(issuer), `${index} by ${by}`).toBe(expected);
        expect(certificate.verify(plain(corpus[by]!))).toBe(expected);
      }
      expect(certificate.verify()).toBe(plain(corpus[index]!).verify());
      expect(certificate.equals(plain(corpus[index]!))).toBe(true);
    }
    expect(signed).toBeGreaterThan(8);
  });

  it('remembers nothing of another certificate with the same fields', () => {
    const root = newAuthority('root');
    const certificate = authority('below', newKeyPair(), root).certificate;
    const forged = Buffer.from(certificate);
    forged[forged.length - 1] = forged.at(-1)! ^ 1;
    const issuer = SealedCertificate.read(root.certificate);
    expect(SealedCertificate.read(certificate).verify(issuer)).toBe(true);
    expect(SealedCertificate.read(forged).verify(issuer)).toBe(false);
    expect(SealedCertificate.read(certificate).verify(issuer)).toBe(true);
  });

  it('asks another issuer anew, whatever it is called', () => {
    const [root, other] = [newAuthority('root'), newAuthority('root')];
    const certificate = SealedCertificate.read(authority('below', newKeyPair(), root).certificate);
    expect(certificate.verify(SealedCertificate.read(root.certificate))).toBe(true);
    expect(certificate.verify(SealedCertificate.read(other.certificate))).toBe(false);
    expect(certificate.verify(plain(other.certificate))).toBe(false);
    expect(certificate.verify()).toBe(false);
  });

  it('treats keys that do not fit the signature as the library does', () => {
    const root = authority('root', newKeyPair());
    const certificate = authority('below', newKeyPair(), root).certificate;
    const ed25519 = authority('root', { ...generateKeyPairSync('ed25519'), privateKey: root.keys.privateKey }).certificate;
    expect(plain(certificate).verify(plain(ed25519))).toBe(false);
    expect(SealedCertificate.read(certificate).verify(SealedCertificate.read(ed25519))).toBe(false);
    // The last byte of the key: a point that is not on the curve.
    const broken = Buffer.from(root.certificate);
    const at = broken.indexOf(SealedCertificate.read(root.certificate).publicKey) + 90;
    broken[at] = broken[at]! ^ 1;
    expect(() => plain(certificate).verify(plain(broken))).toThrow();
    expect(() => SealedCertificate.read(certificate).verify(SealedCertificate.read(broken))).toThrow();
  });

  it('cannot be changed: neither its parts nor what it hands out', () => {
    const sealed = SealedCertificate.read(leaf);
    expect(facts(sealed)).toEqual(facts(plain(leaf)));
    expect(() => sealed.extensions.splice(0, 1)).toThrow(TypeError);
    expect(() => sealed.root.subs.push(sealed.root)).toThrow(TypeError);
    for (const bytes of [sealed.root.toDER(), sealed.tbsCertificate.toDER(), sealed.publicKey]) bytes.fill(0);
    expect(facts(sealed)).toEqual(facts(plain(leaf)));
  });

  it('is cloned into a certificate whose extensions can be taken out, and stays as it is', () => {
    for (const der of corpus) {
      const sealed = SealedCertificate.read(der);
      const [clone, expected] = [sealed.clone(), plain(der).clone()];
      expect(clone.root.toDER()).toEqual(der);
      for (const certificate of [clone, expected]) {
        const at = certificate.extensions.findIndex((each) => each.subs[0]?.toOID() === EXTENSION_OID_SCT);
        certificate.extensions.splice(Math.max(at, 0), 1);
      }
      expect(clone.tbsCertificate.toDER()).toEqual(expected.tbsCertificate.toDER());
      expect(clone.root.toDER()).not.toEqual(der);
      expect(sealed.root.toDER()).toEqual(der);
    }
  });

  it('writes the lengths of objects of any size as the library does', () => {
    const root = newAuthority('root');
    for (const size of [100, 127, 128, 129, 255, 256, 65_000, 70_000]) {
      const input = { subject: nameOf('large'), publicKey: root.keys.publicKey, notBefore: new Date(0), notAfter: new Date(1e12), extensions: [extension('1.2.3', Buffer.alloc(size, 0x0c))] };
      const der = signCertificate(toBeSigned(root, input)(), root.keys.privateKey);
      expect(SealedCertificate.read(der).root.toDER()).toEqual(plain(der).root.toDER());
    }
  });

  it('throws what the parser throws for bytes that are no certificate', () => {
    expect(() => SealedCertificate.read(Buffer.from('30', 'hex'))).toThrow();
  });
});
