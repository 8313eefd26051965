import { bundleFromJSON, bundleToJSON, type SerializedBundle } from '@sigstore/bundle';
import { SigningConfig, TrustedRoot } from '@sigstore/protobuf-specs';
import { bundleBuilderFromSigningConfig } from '@sigstore/sign';
import { Verifier, toSignedEntity, toTrustMaterial } from '@sigstore/verify';
import { attest } from 'sigstore';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSigstore, type Sigstore } from './sigstore';

const STATEMENT = Buffer.from(JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', subject: [{ name: 'a', digest: { sha256: 'a'.repeat(64) } }], predicateType: 'https://slsa.dev/provenance/v1', predicate: {} }));
const TYPE = 'application/vnd.in-toto+json';

describe('the loopback Sigstore, when unmodified clients use it', () => {
  let sigstore: Sigstore;
  beforeAll(async () => void (sigstore = await startSigstore({ dsseKind: 'dsse' })));
  afterAll(() => sigstore.close());

  const verify = (bundle: SerializedBundle, thresholds = {}): void => {
    const policy = { subjectAlternativeName: sigstore.identity, extensions: { issuer: sigstore.oidc.url } };
    new Verifier(toTrustMaterial(TrustedRoot.fromJSON(sigstore.trustedRoot)), thresholds).verify(toSignedEntity(bundleFromJSON(bundle)), policy);
  };
  const services = (): { fulcioURL: string; rekorURL: string; identityToken: string } => ({ fulcioURL: sigstore.fulcio.url, rekorURL: sigstore.rekor.url, identityToken: sigstore.oidc.token() });

  it('verifies an attestation logged by Rekor v1', async () => {
    const bundle = await attest(STATEMENT, TYPE, services());
    expect(bundle.verificationMaterial?.tlogEntries[0]?.kindVersion).toEqual({ kind: 'dsse', version: '0.0.1' });
    verify(bundle);
  });

  it('verifies an attestation with a timestamp and no log entry', async () => {
    verify(await attest(STATEMENT, TYPE, { ...services(), tlogUpload: false, tsaServerURL: sigstore.tsa.url }), { tlogThreshold: 0 });
  });

  it('verifies attestations and messages logged by Rekor v2', async () => {
    for (const bundleType of ['dsseEnvelope', 'messageSignature'] as const) {
      const identityProvider = { getToken: () => Promise.resolve(sigstore.oidc.token()) };
      const builder = bundleBuilderFromSigningConfig({ signingConfig: SigningConfig.fromJSON(sigstore.signingConfig(2)), identityProvider, bundleType });
      const json = bundleToJSON(await builder.create({ data: STATEMENT, type: TYPE }));
      const entity = toSignedEntity(bundleFromJSON(json), bundleType === 'messageSignature' ? STATEMENT : undefined);
      new Verifier(toTrustMaterial(TrustedRoot.fromJSON(sigstore.trustedRoot))).verify(entity, { subjectAlternativeName: sigstore.identity });
    }
  });

  it('refuses a changed payload, a foreign identity and a token for another audience', async () => {
    const bundle = await attest(STATEMENT, TYPE, services());
    const changed = structuredClone(bundle);
    changed.dsseEnvelope!.payload = Buffer.from(STATEMENT.toString().replace('aaaa', 'bbbb')).toString('base64');
    expect(() => verify(changed)).toThrow();
    await expect(attest(STATEMENT, TYPE, { ...services(), identityToken: sigstore.oidc.token({ aud: 'other' }) })).rejects.toThrow();
    verify(bundle);
  });
});
