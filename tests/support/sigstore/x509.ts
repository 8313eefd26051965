import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { bits, boolean, context, contextPrimitive, integer, octets, oid, sequence, setOf, utcTime, utf8 } from './der';

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export const newKeyPair = (): KeyPair => generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
export const spkiOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });
export const sha256 = (...parts: readonly Uint8Array[]): Buffer => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
export const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));

/** RFC 5280 section 4.2.1.2, method 1: the SHA-1 of the key's bits, which are the last 65 bytes of a P-256 SPKI. */
const keyId = (spki: Buffer): Buffer => createHash('sha1').update(spki.subarray(-65)).digest();

export function extension(id: string, value: Uint8Array, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value));
}

export const nameOf = (commonName: string): Buffer =>
  sequence(setOf(sequence(oid('2.5.4.10'), utf8('loopback'))), setOf(sequence(oid('2.5.4.3'), utf8(commonName))));

export const KEY_USAGE = {
  digitalSignature: extension('2.5.29.15', bits(Buffer.of(0x80), 7), true),
  keyCertSign: extension('2.5.29.15', bits(Buffer.of(0x06), 1), true),
};
export const extendedKeyUsage = (id: string, critical = false): Buffer => extension('2.5.29.37', sequence(oid(id)), critical);
export const alternativeName = (...names: readonly Buffer[]): Buffer => extension('2.5.29.17', sequence(...names), true);
export const email = (value: string): Buffer => contextPrimitive(1, Buffer.from(value));
export const dns = (value: string): Buffer => contextPrimitive(2, Buffer.from(value));
export const uri = (value: string): Buffer => contextPrimitive(6, Buffer.from(value));
export const ip4 = (value: string): Buffer => contextPrimitive(7, Buffer.from(value.split('.').map(Number)));

export interface Authority {
  readonly name: Buffer;
  readonly keys: KeyPair;
  readonly certificate: Buffer;
}

export interface CertificateInput {
  /** Empty as in Fulcio's certificates, unless given. */
  readonly subject?: Buffer;
  readonly publicKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly Buffer[];
}

/** TBSCertificate, all fields but the extensions that `complete` adds; the same serial number for all its forms. */
export function toBeSigned(issuer: { name: Buffer; keys: KeyPair }, input: CertificateInput, serial: Uint8Array = randomBytes(15)): (...more: Buffer[]) => Buffer {
  const spki = spkiOf(input.publicKey);
  const extensions = [
    ...input.extensions,
    extension('2.5.29.14', octets(keyId(spki))),
    extension('2.5.29.35', sequence(contextPrimitive(0, keyId(spkiOf(issuer.keys.publicKey))))),
  ];
  const validity = sequence(utcTime(input.notBefore), utcTime(input.notAfter));
  const head = [context(0, integer(2)), integer(Buffer.concat([Buffer.of(0x11), serial])), ECDSA_SHA256, issuer.name, validity, input.subject ?? sequence(), spki];
  return (...more) => sequence(...head, context(3, sequence(...extensions, ...more)));
}

export function signCertificate(tbs: Buffer, key: KeyObject): Buffer {
  return sequence(tbs, ECDSA_SHA256, bits(sign('sha256', tbs, key)));
}

export const HOUR_MS = 3_600_000;

/** A self-signed root. */
export function newAuthority(commonName: string, now = new Date()): Authority {
  const issuer = { name: nameOf(commonName), keys: newKeyPair() };
  const ca = extension('2.5.29.19', sequence(boolean(true)), true);
  const input = { subject: issuer.name, publicKey: issuer.keys.publicKey, notBefore: new Date(now.getTime() - 24 * HOUR_MS), notAfter: new Date(now.getTime() + 24 * HOUR_MS), extensions: [ca, KEY_USAGE.keyCertSign] };
  return { ...issuer, certificate: signCertificate(toBeSigned(issuer, input)(), issuer.keys.privateKey) };
}

export const pemOf = (der: Buffer, label = 'CERTIFICATE'): string => `-----BEGIN ${label}-----\n${der.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`;

/** What a TLS server on this machine needs, and the PEM of the root that a client has to trust. */
export function newServerCertificate(now = new Date()): { key: string; cert: string; ca: string } {
  const root = newAuthority('loopback TLS', now);
  const keys = newKeyPair();
  const names = alternativeName(dns('localhost'), ip4('127.0.0.1'));
  const input = { subject: nameOf('localhost'), publicKey: keys.publicKey, notBefore: new Date(now.getTime() - HOUR_MS), notAfter: new Date(now.getTime() + 24 * HOUR_MS), extensions: [KEY_USAGE.digitalSignature, extendedKeyUsage('1.3.6.1.5.5.7.3.1'), names] };
  const certificate = signCertificate(toBeSigned(root, input)(), root.keys.privateKey);
  return { key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert: pemOf(certificate), ca: pemOf(root.certificate) };
}

