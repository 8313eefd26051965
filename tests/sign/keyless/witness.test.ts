import { createPublicKey } from 'node:crypto';
import type { SignatureBundle } from '@sigstore/sign';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttp } from '../../../src/http';
import type { TransparencyLogEntry } from '../../../src/model/bundle';
import { readBundle } from '../../../src/model/bundle';
import { pemToDer, readCertificate } from '../../../src/model/certificate';
import { checkLogEntry } from '../../../src/sign/keyless/log-entry';
import { rekorWitness } from '../../../src/sign/keyless/rekor';
import { timestampWitness } from '../../../src/sign/keyless/tsa';
import type { Signed } from '../../../src/sign/keyless/witness';
import { testEnv } from '../../support/env';
import { openKeyless, statement } from '../../support/keyless';
import { startSigstore, type Sigstore } from '../../support/sigstore';
import { KEY_USAGE, extension, pemOf, signCertificate, toBeSigned } from '../../support/sigstore/x509';
import { json } from '../../support/sigstore/server';

let sigstore: Sigstore;
beforeAll(async () => void (sigstore = await startSigstore()));
afterAll(() => sigstore.close());

describe('checkLogEntry', () => {
  const entryOf = async (): Promise<{ entry: TransparencyLogEntry; signed: Signed }> => {
    const { signer, http } = await openKeyless(sigstore);
    const { bundle, payload, signature } = readBundle(await signer.sign(statement()));
    await http.close();
    const { content, tlogEntries } = bundle.verificationMaterial;
    const rawBytes = content.$case === 'certificate' ? content.certificate.rawBytes : Buffer.alloc(0);
    return { entry: tlogEntries[0]!, signed: { payload, signature, certificate: readCertificate(rawBytes) } };
  };
  const service = { name: 'the log', url: 'https://log.example' };

  it('accepts the entry of what was signed, and none that lacks promise, proof or checkpoint', async () => {
    const { entry, signed } = await entryOf();
    expect(() => checkLogEntry(entry, signed, service)).not.toThrow();
    const proof = { ...entry.inclusionProof!, checkpoint: undefined };
    for (const lacking of [{ ...entry, inclusionPromise: undefined }, { ...entry, inclusionProof: undefined }, { ...entry, inclusionProof: proof }]) {
      expect(() => checkLogEntry(lacking, signed, service)).toThrowError(expect.objectContaining({ code: 'SERVICE_INVALID', message: expect.stringMatching(/without a (promise|proof) of inclusion/) as string }) as Error);
    }
  });

  it('knows no other kinds of entries', async () => {
    const { entry, signed } = await entryOf();
    const other = { ...entry, canonicalizedBody: Buffer.from('{"kind":"intoto","apiVersion":"0.0.2"}') };
    expect(() => checkLogEntry({ ...other, kindVersion: { kind: 'intoto', version: '0.0.2' } }, signed, service)).toThrowError(/an entry of the kind intoto 0\.0\.2/);
  });
});

describe('witnesses', () => {
  it('witness DSSE envelopes with a signature, and nothing else', async () => {
    const http = createHttp({ env: testEnv() });
    const message = { $case: 'messageSignature', messageSignature: {} } as unknown as SignatureBundle;
    const unsigned = { $case: 'dsseEnvelope', dsseEnvelope: { payload: Buffer.alloc(0), payloadType: '', signatures: [] } } as SignatureBundle;
    await expect(rekorWitness(http, sigstore.rekor.url).testify(message, '')).rejects.toThrow('a dsseEnvelope is needed, not a messageSignature');
    await expect(timestampWitness(http, sigstore.tsa.url).testify(unsigned, '')).rejects.toThrow('no signature');
    const witness = rekorWitness(http, sigstore.rekor.url);
    const nothing = {} as Signed;
    expect(() => witness.check({}, nothing)).not.toThrow();
    expect(() => timestampWitness(http, sigstore.tsa.url).check({}, nothing)).not.toThrow();
    await http.close();
  });
});

describe('certificates', () => {
  it('without an identity are refused', async () => {
    const token = sigstore.oidc.token({ job_workflow_ref: undefined });
    sigstore.fulcio.fault = (call) => {
      const { content } = (JSON.parse(call.body.toString()) as { publicKeyRequest: { publicKey: { content: string } } }).publicKeyRequest.publicKey;
      const issuer = extension('1.3.6.1.4.1.57264.1.1', Buffer.from(sigstore.oidc.url));
      const now = Date.now();
      const input = { publicKey: createPublicKey(content), notBefore: new Date(now), notAfter: new Date(now + 1000), extensions: [KEY_USAGE.digitalSignature, issuer] };
      const der = signCertificate(toBeSigned(sigstore.fulcio.authority, input)(), sigstore.fulcio.authority.keys.privateKey);
      return json({ signedCertificateDetachedSct: { chain: { certificates: [pemOf(der)] } } }, 201);
    };
    const { signer, http } = await openKeyless(sigstore, { token });
    await expect(signer.sign(statement())).rejects.toMatchObject({ code: 'SERVICE_INVALID', message: expect.stringContaining('without an identity') as string });
    sigstore.fulcio.fault = undefined;
    await http.close();
  });

  it('are found in PEM', () => {
    expect(pemToDer(pemOf(Buffer.from('abc')))).toEqual(Buffer.from('abc'));
    expect(pemToDer('nothing')).toBeUndefined();
  });
});
