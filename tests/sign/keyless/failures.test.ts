import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Http } from '../../../src/http';
import type { KeylessSigner } from '../../../src/sign/keyless';
import { testEnv } from '../../support/env';
import { openKeyless, statement, verifyWithLibrary, type OpenOptions } from '../../support/keyless';
import { startSigstore, type Sigstore } from '../../support/sigstore';
import { REQUEST_TOKEN } from '../../support/sigstore/oidc';
import { json, type Call, type Fault, type Reply, type Service } from '../../support/sigstore/server';
import { sequence, integer } from '../../support/sigstore/der';

let sigstore: Sigstore;
const opened: Http[] = [];
beforeAll(async () => void (sigstore = await startSigstore({ dsseKind: 'dsse' })));
afterAll(() => sigstore.close());
afterEach(async () => {
  for (const service of [sigstore.oidc, sigstore.fulcio, sigstore.rekor, sigstore.rekorV2, sigstore.tsa]) {
    service.fault = undefined;
    service.faults.length = 0;
    service.calls.length = 0;
  }
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

const open = async (options: OpenOptions = {}): Promise<KeylessSigner> => {
  const { signer, http } = await openKeyless(sigstore, options);
  opened.push(http);
  return signer;
};
/** Signs with Rekor v1 and a timestamp, or with Rekor v2 and a timestamp. */
const signWith = async (rekor: 1 | 2, options: OpenOptions = {}): Promise<Buffer> => {
  const services = rekor === 1 ? { fulcioUrl: sigstore.fulcio.url, rekorUrl: sigstore.rekor.url, tsaUrl: sigstore.tsa.url } : { signingConfig: Buffer.from(JSON.stringify(sigstore.signingConfig(2))) };
  return (await open({ services, ...options })).sign(statement());
};

describe.each([
  ['fulcio', 1, 'Fulcio'],
  ['rekor', 1, 'Rekor'],
  ['rekorV2', 2, 'Rekor v2'],
  ['tsa', 1, 'timestamp authority'],
] as const)('when the service %s', (name, rekor, title) => {
  const service = (): Service => sigstore[name];

  it('is down: NETWORK_ERROR after four attempts', async () => {
    service().fault = 'cut';
    await expect(signWith(rekor)).rejects.toMatchObject({ code: 'NETWORK_ERROR', exitCode: 3, message: expect.stringContaining(service().url) as string });
    expect(service().calls).toHaveLength(4);
  });

  it('does not answer in time: NETWORK_ERROR', async () => {
    service().fault = 'hang';
    await expect(signWith(rekor, { http: { deadlineMs: 1500 } })).rejects.toMatchObject({ code: 'NETWORK_ERROR', exitCode: 3, message: expect.stringContaining('within 1500 ms') as string });
  });

  it('answers 500 twice: the third attempt counts', async () => {
    service().faults.push({ status: 500 }, { status: 500 });
    verifyWithLibrary(sigstore, await signWith(rekor));
    expect(service().calls).toHaveLength(3);
  });

  it('answers 429 with Retry-After: waits that long, then goes on', async () => {
    const waits: number[] = [];
    const timing = { random: () => 0, elapsed: () => waits.reduce((sum, ms) => sum + ms, 0), sleep: (ms: number) => Promise.resolve(void waits.push(ms)) };
    service().faults.push({ status: 429, headers: { 'retry-after': '3' } });
    verifyWithLibrary(sigstore, await signWith(rekor, { http: { timing } }));
    expect(waits).toEqual([3000]);
  });

  it('goes on answering 429: SERVICE_UNAVAILABLE, with what it asked for', async () => {
    service().fault = { status: 429, headers: { 'retry-after': '3600' }, body: JSON.stringify({ message: 'too\nmany' }) };
    await expect(signWith(rekor)).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      exitCode: 3,
      details: { service: title, status: 429 },
      message: expect.stringMatching(/answered 429: too many; retry after 3600$/) as string,
    });
  });

  it.each([
    ['an error page', 503, '<html>', 'SERVICE_UNAVAILABLE'],
    ['a refusal', 404, '{"message":5}', 'SERVICE_REFUSED'],
    ['a redirect', 302, '', 'SERVICE_REFUSED'],
    ['garbage', 201, Buffer.from([1, 2, 3]), 'SERVICE_INVALID'],
    ['nothing', 201, '', 'SERVICE_INVALID'],
    ['other JSON', 201, '[]', 'SERVICE_INVALID'],
    ['JSON with wrong types', 201, '{"a":{"logIndex":-1},"signedCertificateEmbeddedSct":{"chain":{"certificates":"x"}}}', 'SERVICE_INVALID'],
  ])('answers with %s (%d): %s', async (_what, status, body, code) => {
    service().fault = { status, body, headers: status === 302 ? { location: 'https://example.com' } : {} };
    await expect(signWith(rekor)).rejects.toMatchObject({ code, exitCode: 3, details: { service: title } });
  });
});

describe('when Fulcio gives a wrong certificate', () => {
  const claims = (): Record<string, unknown> => JSON.parse(Buffer.from(sigstore.oidc.token().split('.')[1]!, 'base64url').toString()) as Record<string, unknown>;
  const requestedKey = (call: Call): ReturnType<typeof createPublicKey> => createPublicKey((JSON.parse(call.body.toString()) as { publicKeyRequest: { publicKey: { content: string } } }).publicKeyRequest.publicKey.content);
  const reply = (certificate: Buffer): Reply => json(sigstore.fulcio.chain(certificate), 201);

  it.each<[string, RegExp, (call: Call) => Reply]>([
    ['for another key', /for another key/, () => reply(sigstore.fulcio.issue(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey, claims()))],
    ['for another identity', /for https:\/\/github\.com\/evil\/x; the token is of https:\/\/github\.com\/acme/, (call) => reply(sigstore.fulcio.issue(requestedKey(call), { ...claims(), job_workflow_ref: 'evil/x' }))],
    ['for another issuer', /for the issuer https:\/\/evil\.example; the token is of/, (call) => reply(sigstore.fulcio.issue(requestedKey(call), { ...claims(), iss: 'https://evil.example' }))],
    ['without an issuer', /for the issuer undefined/, (call) => reply(sigstore.fulcio.issue(requestedKey(call), { ...claims(), iss: undefined }))],
    ['that is none', /cannot be read/, () => json({ signedCertificateDetachedSct: { chain: { certificates: ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'] } } })],
    ['in an empty chain', /gave no certificate/, () => json({ signedCertificateEmbeddedSct: { chain: { certificates: [] } } })],
  ])('%s: SERVICE_INVALID, and nothing is logged', async (_what, message, fault) => {
    sigstore.fulcio.fault = fault;
    await expect(signWith(1)).rejects.toMatchObject({ code: 'SERVICE_INVALID', exitCode: 3, message: expect.stringMatching(message) as string });
    expect(sigstore.rekor.calls).toHaveLength(0);
    expect(sigstore.tsa.calls).toHaveLength(0);
  });

  it('that had expired: SERVICE_INVALID, for the log says when it was', async () => {
    sigstore.fulcio.fault = (call) => reply(sigstore.fulcio.issue(requestedKey(call), claims(), { backdateMs: 3_600_000 }));
    await expect(signWith(1)).rejects.toMatchObject({ code: 'SERVICE_INVALID', message: expect.stringContaining('was not valid') as string });
  });

  it('once: all who wait for it hear of it, and the next after a while asks again', async () => {
    let now = Date.now();
    const signer = await open({ env: testEnv({}, { now: () => new Date(now) }) });
    sigstore.fulcio.fault = { status: 404 };
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => signer.sign(statement())));
    expect(outcomes.every((outcome) => outcome.status === 'rejected')).toBe(true);
    expect(sigstore.fulcio.calls).toHaveLength(1);
    sigstore.fulcio.fault = undefined;
    await expect(signer.sign(statement())).rejects.toMatchObject({ code: 'SERVICE_REFUSED' });
    // The token was used once already; another is needed, and the given one still serves.
    now += 30_001;
    verifyWithLibrary(sigstore, await signer.sign(statement()));
  });
});

describe('when Rekor', () => {
  it('loses its reply: the entry is fetched by its name', async () => {
    sigstore.rekor.faults.push('lose');
    verifyWithLibrary(sigstore, await signWith(1));
    expect(sigstore.rekor.calls.map(({ method }) => method)).toEqual(['POST', 'POST', 'GET']);
    expect(sigstore.rekor.log.size).toBeGreaterThan(0);
  });

  it.each([{}, { location: 'https://evil.example/api/v1/log/entries/x' }, { location: '/api/v1/log/entries/../../../secret' }])('answers 409 with %j: SERVICE_INVALID', async (headers) => {
    sigstore.rekor.fault = { status: 409, headers };
    await expect(signWith(1)).rejects.toMatchObject({ code: 'SERVICE_INVALID', message: expect.stringContaining('409') as string });
    expect(sigstore.rekor.calls).toHaveLength(1);
  });

  type Entry = { body: string; integratedTime: number; verification: Record<string, unknown> };
  const changed = (change: (entry: Entry) => void): Fault => (_call, reply) => {
    const body = JSON.parse(String(reply.body)) as Record<string, Entry>;
    change(Object.values(body)[0]!);
    return { ...reply, body: JSON.stringify(body) };
  };
  const changedBody = (change: (body: { kind: string; spec: { payloadHash: { value: string; algorithm: string }; signatures: Record<string, string>[] } }) => void): Fault =>
    changed((entry) => {
      const body = JSON.parse(Buffer.from(entry.body, 'base64').toString()) as Parameters<typeof change>[0];
      change(body);
      entry.body = Buffer.from(JSON.stringify(body)).toString('base64');
    });

  it.each<[string, RegExp, Fault]>([
    ['another payload', /another payload/, changedBody((body) => (body.spec.payloadHash.value = '0'.repeat(64)))],
    ['another hash', /another payload/, changedBody((body) => (body.spec.payloadHash.algorithm = 'sha512'))],
    ['another signature', /another signature/, changedBody((body) => (body.spec.signatures[0]!['signature'] = 'AAAA'))],
    ['no signature', /another signature/, changedBody((body) => (body.spec.signatures = []))],
    ['two signatures', /another signature/, changedBody((body) => body.spec.signatures.push(body.spec.signatures[0]!))],
    ['a key in place of the certificate', /another certificate/, changedBody((body) => (body.spec.signatures[0]!['verifier'] = 'AAAA'))],
    ['another kind', /of the kind intoto 0\.0\.1/, changedBody((body) => (body.kind = 'intoto'))],
    ['a body that is not JSON', /not JSON/, changed((entry) => (entry.body = 'AAAA'))],
    ['no promise', /signedEntryTimestamp must be a string/, changed((entry) => delete entry.verification['signedEntryTimestamp'])],
    ['no proof', /inclusionProof\/logIndex/, changed((entry) => delete entry.verification['inclusionProof'])],
    ['a time before the certificate', /not valid/, changed((entry) => (entry.integratedTime -= 3600))],
    ['a time after the certificate', /not valid/, changed((entry) => (entry.integratedTime += 3600))],
    ['sloppy base64', /must be base64/, changed((entry) => (entry.body += '\n'))],
    ['no whole number', /integratedTime must be a whole number/, changed((entry) => (entry.integratedTime = 1.5))],
    ['two entries', /must have one member/, () => json({ a: {}, b: {} }, 201)],
  ])('stores %s: SERVICE_INVALID', async (_what, message, fault) => {
    sigstore.rekor.fault = fault;
    await expect(signWith(1)).rejects.toMatchObject({ code: 'SERVICE_INVALID', exitCode: 3, message: expect.stringMatching(message) as string });
  });
});

describe('when Rekor v2', () => {
  type Body = { kind: string; spec: { dsseV002: { payloadHash: { digest: string }; signatures: { content: string; verifier: { x509Certificate: { rawBytes: string } } }[] } } };
  const changedBody = (change: (body: Body) => void): Fault => (_call, reply) => {
    const entry = JSON.parse(String(reply.body)) as { canonicalizedBody: string };
    const body = JSON.parse(Buffer.from(entry.canonicalizedBody, 'base64').toString()) as Body;
    change(body);
    entry.canonicalizedBody = Buffer.from(JSON.stringify(body)).toString('base64');
    return { ...reply, body: JSON.stringify(entry) };
  };

  it.each<[string, RegExp, Fault]>([
    ['another payload', /another payload/, changedBody((body) => (body.spec.dsseV002.payloadHash.digest = 'AAAA'))],
    ['another signature', /another signature/, changedBody((body) => (body.spec.dsseV002.signatures[0]!.content = 'AAAA'))],
    ['no signature', /another signature/, changedBody((body) => (body.spec.dsseV002.signatures = []))],
    ['another certificate', /another certificate/, changedBody((body) => (body.spec.dsseV002.signatures[0]!.verifier.x509Certificate.rawBytes = 'AAAA'))],
    ['a body of another kind than it says', /not of the kind dsse 0\.0\.2/, changedBody((body) => (body.kind = 'hashedrekord'))],
  ])('stores %s: SERVICE_INVALID', async (_what, message, fault) => {
    sigstore.rekorV2.fault = fault;
    await expect(signWith(2)).rejects.toMatchObject({ code: 'SERVICE_INVALID', exitCode: 3, message: expect.stringMatching(message) as string });
  });

  it('stores a hashedrekord over something else: SERVICE_INVALID', async () => {
    sigstore.rekorV2.fault = (_call, reply) => {
      const entry = JSON.parse(String(reply.body)) as Record<string, unknown>;
      const body = { apiVersion: '0.0.2', kind: 'hashedrekord', spec: { hashedRekordV002: { data: { algorithm: 'SHA2_256', digest: 'AAAA' } } } };
      return { ...reply, body: JSON.stringify({ ...entry, kindVersion: { kind: 'hashedrekord', version: '0.0.2' }, canonicalizedBody: Buffer.from(JSON.stringify(body)).toString('base64') }) };
    };
    await expect(signWith(2)).rejects.toMatchObject({ code: 'SERVICE_INVALID', message: expect.stringContaining('another payload') as string });
  });
});

describe('when the timestamp authority', () => {
  it.each<[string, RegExp, () => Reply]>([
    ['stamps something else', /for something else/, () => ({ status: 201, body: sigstore.tsa.stamp(Buffer.alloc(32)) })],
    ['refuses the request', /not a timestamp/, () => ({ status: 201, body: sequence(sequence(integer(2))) })],
  ])('%s: SERVICE_INVALID', async (_what, message, fault) => {
    sigstore.tsa.fault = fault;
    await expect(signWith(1)).rejects.toMatchObject({ code: 'SERVICE_INVALID', exitCode: 3, message: expect.stringMatching(message) as string });
  });

  it('is wrong about the time: SERVICE_INVALID', async () => {
    sigstore.tsa.fault = (call) => ({ status: 201, body: sigstore.tsa.stamp(call.body.subarray(-32), new Date(Date.now() - 3_600_000)) });
    await expect(signWith(1)).rejects.toMatchObject({ code: 'SERVICE_INVALID', message: expect.stringContaining('not valid') as string });
  });
});

describe('when one of many statements cannot be signed', () => {
  it('strands none of the others', async () => {
    const signer = await open();
    sigstore.rekor.fault = (call, reply) => (Buffer.from(call.body).includes(statement('bad').toString('base64').slice(0, 400)) ? { status: 400, body: '{"message":"no"}' } : reply);
    const outcomes = await Promise.allSettled(['a', 'bad', 'c', 'd'].map((name) => signer.sign(statement(name))));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'SERVICE_REFUSED', message: expect.stringMatching(/answered 400: no$/) as string } });
  });
});

describe('when it is interrupted', () => {
  it('stops with ABORTED', async () => {
    const stop = new AbortController();
    sigstore.rekor.fault = 'hang';
    const signing = signWith(1, { env: testEnv({}, { signal: stop.signal }) });
    await expect.poll(() => sigstore.rekor.calls.length, { timeout: 20_000 }).toBe(1);
    stop.abort();
    await expect(signing).rejects.toMatchObject({ code: 'ABORTED', exitCode: 3 });
  });
});

describe('tokens', () => {
  /** Everything that can be seen of an error: also causes, details and what is not enumerable. */
  const seen = (error: unknown): string => inspect(error, { depth: 50, showHidden: true, maxStringLength: null, maxArrayLength: null }) + JSON.stringify(error) + String((error as Error).stack);
  const parts = (token: string): string[] => token.split('.').flatMap((part) => [part.slice(0, 24), part.slice(-24), part.slice(30, 60)]);

  it.each<[string, Fault]>([
    ['repeats it in a message', undefined],
    ['repeats parts of it', (call) => json({ message: `bad token: ${tokenOf(call).slice(25, 300)} ${tokenOf(call).split('.')[2]!}` }, 400)],
    ['fails with it', (call) => json({ message: tokenOf(call) }, 500)],
    ['gives garbage with it', (call) => ({ status: 201, body: tokenOf(call) })],
    ['gives it as a certificate', (call) => json({ signedCertificateEmbeddedSct: { chain: { certificates: [tokenOf(call)] } } }, 201)],
    ['cuts the connection', 'cut'],
  ])('are in no error when Fulcio %s', async (_what, fault) => {
    // Refused by Fulcio, not by the client: its signature is not of this issuer.
    const [head, body] = sigstore.oidc.token().split('.');
    const token = `${head!}.${body!}.${sign('sha256', Buffer.from('x'), generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey).toString('base64url')}`;
    sigstore.fulcio.fault = fault;
    const error: unknown = await signWith(1, { token }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ exitCode: 3 });
    for (const part of parts(token)) expect(seen(error)).not.toContain(part);
  });
  const tokenOf = (call: Call): string => (JSON.parse(call.body.toString()) as { credentials: { oidcIdentityToken: string } }).credentials.oidcIdentityToken;

  it('are in no bundle, request to a log or a timestamp authority, and not in the signer', async () => {
    const token = sigstore.oidc.token();
    const services = { fulcioUrl: sigstore.fulcio.url, rekorUrl: sigstore.rekor.url, tsaUrl: sigstore.tsa.url };
    const signer = await open({ token, services });
    const bundle = await signer.sign(statement());
    const sent = [...sigstore.rekor.calls, ...sigstore.tsa.calls].map((call) => JSON.stringify(call.headers) + call.url.href + call.body.toString('latin1'));
    for (const part of parts(token).slice(3)) for (const text of [bundle.toString(), seen(signer), ...sent]) expect(text).not.toContain(part);
  });

  it('of GitHub Actions are requested with the right audience, and neither they nor the bearer are in an error', async () => {
    const variables = { ACTIONS_ID_TOKEN_REQUEST_URL: `${sigstore.oidc.url}/token?x=1`, ACTIONS_ID_TOKEN_REQUEST_TOKEN: REQUEST_TOKEN };
    const { requireIdentity } = await import('../../../src/sign/keyless');
    const { createHttp } = await import('../../../src/http');
    const env = testEnv(variables);
    const http = createHttp({ env, timing: { sleep: () => Promise.resolve() } });
    opened.push(http);
    const token = await requireIdentity(env).token(http);
    expect(token.claimed).toEqual({ issuer: sigstore.oidc.url, identity: sigstore.identity });
    expect(sigstore.oidc.calls[0]?.url.search).toBe('?x=1&audience=sigstore');
    expect(inspect(token, { showHidden: true, depth: 9 }) + JSON.stringify(token)).not.toContain(token.reveal().slice(0, 30));
    for (const [fault, code] of [
      [json({ message: `bearer ${REQUEST_TOKEN}` }, 401), 'SERVICE_REFUSED'],
      [json({ message: `bearer ${REQUEST_TOKEN}` }, 500), 'SERVICE_UNAVAILABLE'],
      [{ body: `${REQUEST_TOKEN} is not JSON` }, 'SERVICE_INVALID'],
      [json({ value: REQUEST_TOKEN }), 'TOKEN_INVALID'],
      [json({ value: '' }), 'SERVICE_INVALID'],
      ['cut', 'NETWORK_ERROR'],
    ] as const) {
      sigstore.oidc.fault = fault;
      const error: unknown = await requireIdentity(env).token(http).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code });
      expect(seen(error)).not.toContain(REQUEST_TOKEN.slice(0, 10));
    }
  });
});
