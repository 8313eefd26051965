import { createHash, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fingerprint, keyHint, keyType, parsePublicKey, publicKeyPem, requireKeyType } from '../../src/model/keys';

const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed25519 = generateKeyPairSync('ed25519');
const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
// The example of RFC 8410 section 10.1; its digest by: openssl pkey -pubin -outform DER | openssl dgst -sha256
const KNOWN = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
`;

describe('fingerprint and keyHint', () => {
  it('when given a known key they are the sha256 of its SPKI DER, in hex and in base64', () => {
    const der = Buffer.from('MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=', 'base64');
    const key = parsePublicKey(KNOWN);
    expect(fingerprint(key)).toBe(createHash('sha256').update(der).digest('hex'));
    expect(keyHint(key)).toBe(createHash('sha256').update(der).digest('base64'));
    expect(publicKeyPem(key)).toBe(KNOWN);
  });
});

describe('keyType', () => {
  it('when the key is of a supported kind it names it, public or private', () => {
    expect([p256.publicKey, p256.privateKey, ed25519.publicKey, ed25519.privateKey].map(keyType)).toEqual(['ecdsa-p256', 'ecdsa-p256', 'ed25519', 'ed25519']);
  });

  it('when it is a secret key requireKeyType says so', () => {
    expect(() => requireKeyType(createSecretKey(Buffer.alloc(32)), 'it')).toThrow(/it is of the kind secret/);
  });
});

describe('parsePublicKey', () => {
  it.each([p256.publicKey, ed25519.publicKey])('when given a supported key it reads text and bytes, also with CRLF', (key) => {
    for (const input of [pem(key), Buffer.from(pem(key)), pem(key).replaceAll('\n', '\r\n')]) expect(fingerprint(parsePublicKey(input))).toBe(fingerprint(key));
  });

  it.each([
    ['ec secp384r1', generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey],
    ['rsa', generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey],
    ['ed448', generateKeyPairSync('ed448').publicKey],
    ['x25519', generateKeyPairSync('x25519').publicKey],
    ['ec secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey],
  ])('when the key is %s it refuses it and names the kind', (kind, key) => {
    expect(() => parsePublicKey(pem(key), 'proof.keys/x.pub.pem')).toThrow(
      expect.objectContaining({ code: 'KEY_INVALID', message: expect.stringContaining(`proof.keys/x.pub.pem is of the kind ${kind};`) }) as Error,
    );
  });

  it('when given a private key it refuses it instead of deriving the public one, and does not repeat it', () => {
    const text = ed25519.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const secret = text.split('\n')[1] ?? '';
    expect(() => parsePublicKey(text)).toThrow(expect.objectContaining({ code: 'KEY_INVALID', message: expect.stringContaining('PRIVATE KEY') }) as Error);
    expect(() => parsePublicKey(text)).not.toThrow(new RegExp(secret.slice(-20)));
  });

  it.each([
    ['nothing', ''],
    ['text', 'hello'],
    ['two keys', pem(p256.publicKey) + pem(ed25519.publicKey)],
    ['text around the key', `x\n${pem(p256.publicKey)}`],
    ['another PEM block', pem(p256.publicKey).replaceAll('PUBLIC KEY', 'CERTIFICATE')],
    ['broken DER', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'],
  ])('when given %s it refuses it', (_what, text) => {
    expect(() => parsePublicKey(text)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }) as Error);
  });
});
