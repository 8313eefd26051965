import { attest } from 'sigstore';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Http } from '../../../src/http';
import { readBundle } from '../../../src/model/bundle';
import { canonicalJson } from '../../../src/model/json';
import type { KeylessSigner } from '../../../src/sign/keyless';
import { testEnv } from '../../support/env';
import { openKeyless, statement, verifyWithLibrary, type OpenOptions } from '../../support/keyless';
import { startSigstore, type Sigstore } from '../../support/sigstore';

describe('keylessSigner', () => {
  let sigstore: Sigstore;
  const opened: Http[] = [];
  beforeAll(async () => void (sigstore = await startSigstore({ dsseKind: 'dsse' })));
  beforeEach(() => {
    for (const service of [sigstore.fulcio, sigstore.rekor, sigstore.rekorV2, sigstore.tsa]) service.calls.length = 0;
  });
  afterEach(async () => void (await Promise.all(opened.splice(0).map((one) => one.close()))));
  afterAll(() => sigstore.close());
  const open = async (options: OpenOptions = {}): Promise<KeylessSigner> => {
    const { signer, http } = await openKeyless(sigstore, options);
    opened.push(http);
    return signer;
  };
  const config = (version: 1 | 2): Uint8Array => Buffer.from(JSON.stringify(sigstore.signingConfig(version)));

  describe('when it signs', () => {
    it('makes bundles of Rekor v1 that the unmodified library verifies', async () => {
      const signer = await open();
      const bundle = await signer.sign(statement());
      verifyWithLibrary(sigstore, bundle);
      expect(readBundle(bundle)).toMatchObject({ payload: statement(), material: 'certificate', tlogEntries: 1, timestamps: 0 });
      expect(signer).toMatchObject({ issuer: sigstore.oidc.url, claimed: { identity: sigstore.identity }, warnings: [] });
    });

    it('writes RFC 8785 JSON, one newline and media type v0.3', async () => {
      const text = (await (await open()).sign(statement())).toString();
      const json = JSON.parse(text) as { mediaType: string };
      expect(text).toBe(`${canonicalJson(json)}\n`);
      expect(json.mediaType).toBe('application/vnd.dev.sigstore.bundle.v0.3+json');
    });

    it('makes bundles of Rekor v2 with a timestamp, as a signing configuration says', async () => {
      const bundle = await (await open({ services: { signingConfig: config(2) } })).sign(statement());
      verifyWithLibrary(sigstore, bundle);
      expect(readBundle(bundle)).toMatchObject({ tlogEntries: 1, timestamps: 1 });
      expect(sigstore.rekor.calls).toHaveLength(0);
      expect(sigstore.rekorV2.calls).toHaveLength(1);
    });

    it('makes bundles of Rekor v1 as a signing configuration says', async () => {
      const bundle = await (await open({ services: { signingConfig: config(1) } })).sign(statement());
      verifyWithLibrary(sigstore, bundle);
      expect(sigstore.tsa.calls).toHaveLength(0);
    });

    it('adds a timestamp to a log entry', async () => {
      const bundle = await (await open({ services: { fulcioUrl: sigstore.fulcio.url, rekorUrl: `${sigstore.rekor.url}/`, tsaUrl: sigstore.tsa.url } })).sign(statement());
      verifyWithLibrary(sigstore, bundle, { timestampThreshold: 2 });
      expect(readBundle(bundle)).toMatchObject({ tlogEntries: 1, timestamps: 1 });
    });

    it('logs nothing when that is asked for, and has a timestamp instead', async () => {
      const services = { fulcioUrl: sigstore.fulcio.url, tsaUrl: `${sigstore.tsa.url}/api/v1/timestamp`, tlog: 'none' } as const;
      const bundle = await (await open({ services })).sign(statement());
      verifyWithLibrary(sigstore, bundle, { tlogThreshold: 0 });
      expect(() => verifyWithLibrary(sigstore, bundle)).toThrow();
      expect(readBundle(bundle)).toMatchObject({ tlogEntries: 0, timestamps: 1 });
      expect([...sigstore.rekor.calls, ...sigstore.rekorV2.calls]).toHaveLength(0);
    });

    it('signs for email addresses that the issuer has verified', async () => {
      const token = sigstore.oidc.token({ email: 'dev+ci@example.com', email_verified: true });
      const signer = await open({ token });
      verifyWithLibrary(sigstore, await signer.sign(statement()), { identity: 'dev+ci@example.com' });
      expect(signer.claimed.identity).toBe('dev+ci@example.com');
    });

    it('signs for issuers whose subject alternative names it does not know', async () => {
      const signer = await open({ token: sigstore.oidc.token({ sub: 'https://example.com/robot', job_workflow_ref: undefined }) });
      verifyWithLibrary(sigstore, await signer.sign(statement()), { identity: 'https://example.com/robot' });
      expect(signer.claimed.identity).toBeUndefined();
    });
  });

  describe('when many statements are signed', () => {
    it('asks for one certificate, whether they are signed at once or one after another', async () => {
      const signer = await open();
      const statements = Array.from({ length: 100 }, (_, index) => statement(`file-${index}`));
      const bundles = await Promise.all(statements.map((one) => signer.sign(one)));
      await signer.sign(statement('one more'));
      expect(sigstore.fulcio.calls).toHaveLength(1);
      expect(sigstore.rekor.calls).toHaveLength(101);
      bundles.forEach((bundle, index) => expect(readBundle(bundle).payload).toEqual(statements[index]));
      verifyWithLibrary(sigstore, bundles[57]!);
      expect(new Set(bundles.map((bundle) => readBundle(bundle).signature.toString('hex'))).size).toBe(100);
    });

    it('signs no more at once than allowed', async () => {
      let inside = 0;
      let most = 0;
      sigstore.rekor.fault = async (_call, reply) => {
        most = Math.max(most, (inside += 1));
        await new Promise((resolve) => setTimeout(resolve, 10));
        inside -= 1;
        return reply;
      };
      const signer = await open({ concurrency: 3 });
      await Promise.all(Array.from({ length: 10 }, (_, index) => signer.sign(statement(`x${index}`))));
      sigstore.rekor.fault = undefined;
      expect(most).toBe(3);
    });

    it('gives another session another key', async () => {
      const certificates = await Promise.all([open(), open()].map(async (signer) => JSON.stringify(readBundle(await (await signer).sign(statement())).bundle.verificationMaterial.content)));
      expect(certificates[0]).not.toBe(certificates[1]);
    });

    it('renews the certificate when three quarters of its life have passed, with a token that is still valid', async () => {
      let now = Date.now();
      const env = testEnv({}, { now: () => new Date(now) });
      const signer = await open({ env, token: sigstore.oidc.token({ exp: Math.floor(now / 1000) + 86_400 }) });
      const first = await signer.sign(statement());
      now += 449_000;
      await signer.sign(statement());
      expect(sigstore.fulcio.calls).toHaveLength(1);
      now += 2_000;
      const renewed = await signer.sign(statement());
      expect(sigstore.fulcio.calls).toHaveLength(2);
      verifyWithLibrary(sigstore, renewed);
      for (const bundle of [first, renewed]) await expect(signer.verify(bundle)).resolves.toEqual(statement());
    });

    it('stops with TOKEN_EXPIRED when a renewal finds the token expired', async () => {
      let now = Date.now();
      const signer = await open({ env: testEnv({}, { now: () => new Date(now) }) });
      await signer.sign(statement());
      now += 601_000;
      await expect(signer.sign(statement())).rejects.toMatchObject({ code: 'TOKEN_EXPIRED', exitCode: 2 });
    });
  });

  describe('verify', () => {
    it('gives the payload of its own bundles', async () => {
      const signer = await open();
      await expect(signer.verify(await signer.sign(statement()))).resolves.toEqual(statement());
    });

    it('refuses those of others, of keys, and changed ones', async () => {
      const signer = await open();
      const bundle = await signer.sign(statement());
      const other = await (await open()).sign(statement());
      const swapped = JSON.parse(bundle.toString()) as { dsseEnvelope: { payload: string } };
      swapped.dsseEnvelope.payload = statement('b').toString('base64');
      const keyed = JSON.parse(bundle.toString()) as { verificationMaterial: unknown };
      keyed.verificationMaterial = { publicKey: { hint: '' } };
      for (const bytes of [other, Buffer.from(JSON.stringify(swapped)), Buffer.from(JSON.stringify(keyed))]) {
        await expect(signer.verify(bytes)).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
      }
    });
  });

  it('warns once that a public log shows names, and not of a private one', async () => {
    const signer = await open({ services: {} });
    expect(signer.warnings).toEqual([expect.stringMatching(/rekor\.sigstore\.dev.*public for ever.*release\.yml@refs\/heads\/main/)]);
    const anonymous = await open({ services: {}, token: sigstore.oidc.token({ job_workflow_ref: undefined }) });
    expect(anonymous.warnings[0]).toContain('the identity of the signer');
  });

  it('is interchangeable with the unmodified client, whose bundles verify alike', async () => {
    const bundle = await attest(statement(), 'application/vnd.in-toto+json', { fulcioURL: sigstore.fulcio.url, rekorURL: sigstore.rekor.url, identityToken: sigstore.oidc.token() });
    verifyWithLibrary(sigstore, Buffer.from(JSON.stringify(bundle)));
  });
});

describe('keylessSigner over TLS', () => {
  it('signs with all services, once their root is trusted', async () => {
    const sigstore = await startSigstore({ tls: true, dsseKind: 'dsse' });
    const services = { signingConfig: Buffer.from(JSON.stringify(sigstore.signingConfig(2))) };
    const { signer, http } = await openKeyless(sigstore, { services });
    verifyWithLibrary(sigstore, await signer.sign(statement()));
    const distrustful = await openKeyless(sigstore, { services, http: { ca: '' } });
    await expect(distrustful.signer.sign(statement())).rejects.toMatchObject({ code: 'NETWORK_ERROR', exitCode: 3 });
    await Promise.all([http.close(), distrustful.http.close()]);
    await sigstore.close();
  });
});

describe('keylessSigner with a Rekor v2 that stores a hashedrekord', () => {
  it('checks the entry and makes the bundle', async () => {
    const sigstore = await startSigstore({ dsseKind: 'hashedrekord', keyType: 'ecdsa-p256' });
    const { signer, http } = await openKeyless(sigstore, { services: { signingConfig: Buffer.from(JSON.stringify(sigstore.signingConfig(2))) } });
    const bundle = readBundle(await signer.sign(statement()));
    expect(bundle.bundle.verificationMaterial.tlogEntries[0]?.kindVersion).toEqual({ kind: 'hashedrekord', version: '0.0.2' });
    await http.close();
    await sigstore.close();
  });
});
