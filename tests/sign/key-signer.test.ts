import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { bundleFromJSON } from '@sigstore/bundle';
import { toSignedEntity, Verifier, type TrustMaterial } from '@sigstore/verify';
import { describe, expect, it } from 'vitest';
import { readBundle } from '../../src/model/bundle';
import { fingerprint, keyHint } from '../../src/model/keys';
import { generatePrivateKey, keySigner } from '../../src/sign';

const TYPES = ['ecdsa-p256', 'ed25519'] as const;
const PAYLOAD = Buffer.from('{"_type":"https://in-toto.io/Statement/v1","text":"größe"}\n');
const NONE = { ctlogThreshold: 0, tlogThreshold: 0, timestampThreshold: 0 };

function sigstoreAccepts(bundle: Buffer, publicKey: KeyObject): boolean {
  const trust: TrustMaterial = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [], publicKey: () => ({ publicKey, validFor: () => true }) };
  try {
    new Verifier(trust, NONE).verify(toSignedEntity(bundleFromJSON(JSON.parse(bundle.toString()))));
    return true;
  } catch {
    return false;
  }
}

describe.each(TYPES)('keySigner with %s', (type) => {
  const key = generatePrivateKey(type);
  const publicKey = createPublicKey(key);
  const signer = keySigner(key);

  it('when it signs the bundle is v0.3, carries the very bytes, and hints at the key as cosign does', async () => {
    const bytes = await signer.sign(PAYLOAD);
    const bundle = readBundle(bytes);
    expect(bundle.bundle.mediaType).toBe('application/vnd.dev.sigstore.bundle.v0.3+json');
    expect(bundle.payload.equals(PAYLOAD)).toBe(true);
    expect(bundle.hint).toBe(keyHint(publicKey));
    expect(signer.issuer).toBe(`key:sha256:${fingerprint(publicKey)}`);
    // a keyid of another form than Go's makes cosign overlook the signature
    expect(bytes.toString()).not.toContain('keyid');
    expect(bytes.toString()).toBe(`${JSON.stringify(JSON.parse(bytes.toString()))}\n`);
  });

  it('when it signs the verifier of Sigstore accepts the bundle with this key, and with no other', async () => {
    const bytes = await signer.sign(PAYLOAD);
    expect(sigstoreAccepts(bytes, publicKey)).toBe(true);
    for (const other of TYPES) expect(sigstoreAccepts(bytes, createPublicKey(generatePrivateKey(other)))).toBe(false);
  });

  it('when the payload or signature is changed the verifier of Sigstore refuses it, and so does the signer', async () => {
    const bundle = JSON.parse((await signer.sign(PAYLOAD)).toString()) as { dsseEnvelope: { payload: string; signatures: { sig: string }[] } };
    const edited = structuredClone(bundle);
    edited.dsseEnvelope.payload = Buffer.from(PAYLOAD.toString().replace('größe', 'grösse')).toString('base64');
    const other = JSON.parse((await signer.sign(Buffer.from('other'))).toString()) as typeof bundle;
    const swapped = { ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, signatures: other.dsseEnvelope.signatures } };
    for (const bad of [edited, swapped]) {
      const bytes = Buffer.from(JSON.stringify(bad));
      expect(sigstoreAccepts(bytes, publicKey)).toBe(false);
      await expect(signer.verify(bytes)).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
    }
  });

  it('when it verifies its own bundle it gives the payload', async () => {
    const bundle = await signer.sign(PAYLOAD);
    expect((await signer.verify(bundle)).equals(PAYLOAD)).toBe(true);
    for (const other of TYPES) await expect(keySigner(generatePrivateKey(other)).verify(bundle)).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
  });
});

describe('keySigner', () => {
  it.each([
    ['rsa', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
    ['ec secp384r1', generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey],
  ])('when given a key of the kind %s it refuses it', (kind, key) => {
    expect(() => keySigner(key)).toThrow(expect.objectContaining({ code: 'KEY_INVALID', message: expect.stringContaining(kind) }) as Error);
  });

  it('when a bundle has a certificate in the place of the key its signer does not verify it', async () => {
    const signer = keySigner(generatePrivateKey('ed25519'));
    const bundle = JSON.parse((await signer.sign(PAYLOAD)).toString()) as { verificationMaterial: Record<string, unknown> };
    bundle.verificationMaterial = { certificate: { rawBytes: 'AAAA' }, tlogEntries: [] };
    await expect(signer.verify(Buffer.from(JSON.stringify(bundle)))).rejects.toMatchObject({ name: 'ProofError' });
  });
});
