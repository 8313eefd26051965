import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fingerprint } from '../../src/model/keys';
import { generatePrivateKey, privateKeyPem, readPrivateKey } from '../../src/sign';

const PASSPHRASE = 'correct horse battery staple';
const fingerprintOf = (key: KeyObject): string => fingerprint(createPublicKey(key));

/** All that an error shows to anyone: message, details, and its causes. */
function shownBy(read: () => unknown): { code: unknown; text: string } {
  try {
    read();
  } catch (error) {
    const parts: string[] = [];
    for (let cause = error; cause instanceof Error; cause = cause.cause) parts.push(cause.message, cause.stack ?? '', JSON.stringify(cause, Object.getOwnPropertyNames(cause)));
    return { code: (error as { code?: unknown }).code, text: parts.join('\n') };
  }
  throw new Error('it did not fail');
}

describe.each(['ecdsa-p256', 'ed25519'] as const)('readPrivateKey with %s', (type) => {
  const key = generatePrivateKey(type);

  it('when the key is not encrypted it reads it, whether or not a passphrase is set', () => {
    const pem = privateKeyPem(key, undefined);
    expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(fingerprintOf(readPrivateKey(pem, undefined, 'it'))).toBe(fingerprintOf(key));
    expect(fingerprintOf(readPrivateKey(pem.replaceAll('\n', '\r\n'), PASSPHRASE, 'it'))).toBe(fingerprintOf(key));
  });

  it('when the key is encrypted its passphrase reads it', () => {
    const pem = privateKeyPem(key, PASSPHRASE);
    expect(pem).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
    expect(fingerprintOf(readPrivateKey(pem, PASSPHRASE, 'it'))).toBe(fingerprintOf(key));
  });

  it('when the passphrase is missing or wrong it says which, and nothing secret', () => {
    const pem = privateKeyPem(key, PASSPHRASE);
    const missing = shownBy(() => readPrivateKey(pem, undefined, '/home/me/signing.key.pem'));
    expect(missing).toMatchObject({ code: 'KEY_PASSPHRASE', text: expect.stringContaining('/home/me/signing.key.pem is encrypted, and no passphrase is set') as string });
    const wrong = shownBy(() => readPrivateKey(pem, 'the wrong one', 'it'));
    expect(wrong).toMatchObject({ code: 'KEY_PASSPHRASE', text: expect.stringContaining('the passphrase is wrong') as string });
    expect(wrong.text).not.toContain('the wrong one');
    const body = pem.split('\n')[1] ?? 'no line';
    for (const { text } of [missing, wrong]) expect(text).not.toContain(body.slice(0, 16));
  });

  it('when the key is damaged it shows nothing of it', () => {
    const pem = privateKeyPem(key, undefined);
    const secret = (pem.split('\n')[1] ?? 'no line').slice(0, 40);
    const damaged = shownBy(() => readPrivateKey(`-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`, undefined, 'it'));
    expect(damaged.code).toBe('KEY_INVALID');
    expect(damaged.text).not.toContain(secret.slice(0, 16));
  });
});

describe('readPrivateKey', () => {
  const pkcs8 = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

  it.each([
    ['of the kind rsa', pkcs8(rsa.privateKey)],
    ['of the kind ec secp521r1', pkcs8(generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey)],
    ['of the kind ed448', pkcs8(generateKeyPairSync('ed448').privateKey)],
    ['has "EC PRIVATE KEY"', generatePrivateKey('ecdsa-p256').export({ type: 'sec1', format: 'pem' }).toString()],
    ['has "PUBLIC KEY"', createPublicKey(generatePrivateKey('ed25519')).export({ type: 'spki', format: 'pem' }).toString()],
    ['has "ENCRYPTED SIGSTORE PRIVATE KEY"', '-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n'],
    ['has "PRIVATE KEY" and "PRIVATE KEY"', pkcs8(rsa.privateKey) + pkcs8(rsa.privateKey)],
    ['has no PEM block', 's3cret text that is no key'],
    ['has no PEM block', ''],
  ])('when it %s it is refused by that', (what, pem) => {
    const { code, text } = shownBy(() => readPrivateKey(pem, 'x', 'NX_PROOF_SIGNING_KEY'));
    expect(code).toBe('KEY_INVALID');
    expect(text).toContain('NX_PROOF_SIGNING_KEY');
    expect(text).toContain(what);
    expect(text).not.toContain('s3cret');
  });
});
