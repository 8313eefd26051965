import { createHash, X509Certificate } from 'node:crypto';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBundle } from '../../src/model/bundle';
import { readCertificateClaims } from '../../src/model/certificate-claims';
import { isProofError } from '../../src/errors';
import type { Rule } from '../../src/model/types';
import { SealedCertificate } from '../../src/model/sealed-certificate';
import { checkCertificateIdentity, isForCertificate, refuseSigner } from '../../src/verify';
import { checkCertificate } from '../../src/verify/certificate';
import { trustMaterial } from '../../src/verify/trust-material';
import { openLeaf } from '../../src/verify/leaf';
import { logEntryProblem } from '../../src/verify/log-entries';
import { editBundle, flip, parseBundle, signKeyless, type BundleJson } from '../support/certificates';
import { startSigstore, type Sigstore } from '../support/sigstore';
import { octets, utf8 } from '../support/sigstore/der';
import { alternativeName, dns, email, extendedKeyUsage, extension, signCertificate, toBeSigned, uri } from '../support/sigstore/x509';

let sigstore: Sigstore;
const bundles = {} as Record<'v1' | 'v1+tsa' | 'v2' | 'tsa' | 'other' | 'email', Buffer>;
// The claims of a person's token: none of a job.
const EMAIL = Object.fromEntries(['job_workflow_ref', 'repository', 'repository_owner', 'workflow_ref', 'sha', 'ref', 'run_id'].map((name) => [name, undefined]));
const payload = Buffer.from('{"a":1}\n');

beforeAll(async () => {
  sigstore = await startSigstore();
  // So that proofs of inclusion have hashes.
  await signKeyless(sigstore, Buffer.from('{}\n'));
  await signKeyless(sigstore, Buffer.from('{}\n'), {}, 'v2');
  for (const kind of ['v1', 'v1+tsa', 'v2', 'tsa'] as const) bundles[kind] = await signKeyless(sigstore, payload, {}, kind);
  bundles.other = await signKeyless(sigstore, payload, {}, 'v1+tsa');
  bundles.email = await signKeyless(sigstore, payload, { email: 'dev@acme.example', email_verified: true, ...EMAIL });
});
afterAll(() => sigstore.close());

const rule = (rest: Partial<Rule> = {}): Rule => ({ projects: ['*'], signers: [{ issuer: sigstore.oidc.url, identity: sigstore.identity }], ...rest });
const material = (edit: (root: Record<string, unknown>) => void = () => undefined) => {
  const root = structuredClone(sigstore.trustedRoot) as Record<string, unknown>;
  edit(root);
  return trustMaterial(Buffer.from(JSON.stringify(root)));
};
const check = (bundle: Uint8Array, rest: Partial<Rule> = {}, trust = material()) => checkCertificate(readBundle(bundle), rule(rest), 'rules[0]', () => Promise.resolve(trust));

/** The code of the refusal, by the reader or by the check; undefined when it is accepted. */
async function refusal(bundle: Uint8Array, rest: Partial<Rule> = {}): Promise<string | undefined> {
  try {
    const { check: found, signature } = await check(bundle, rest);
    expect(signature === undefined).toBe(found.status === 'failed');
    return found.code;
  } catch (error) {
    if (isProofError(error)) return error.code;
    throw error;
  }
}
const entryOf = (json: BundleJson) => json.verificationMaterial.tlogEntries[0]!;

describe('checkCertificate', () => {
  it.each([
    ['v1', {}],
    ['v1+tsa', {}],
    ['v2', {}],
    ['v1', { tlog: 'optional' }],
    ['tsa', { tlog: 'optional' }],
    ['tsa', { tlog: 'none' }],
  ] as const)('accepts a bundle of the kind %s under %j', async (kind, rest) => {
    const { check: found, signature } = await check(bundles[kind], rest);
    expect(found).toMatchObject({ status: 'passed', details: { issuer: sigstore.oidc.url, identity: sigstore.identity } });
    expect(Math.abs(signature!.time.getTime() - Date.now())).toBeLessThan(60_000);
    expect(signature!.claims).toMatchObject({ builder: sigstore.identity, repository: 'https://github.com/acme/widgets', commit: 'a'.repeat(40), ref: 'refs/heads/main' });
  });

  it('accepts Rekor v2 with dsse entries, and with an ECDSA key', async () => {
    const other = await startSigstore({ dsseKind: 'dsse', keyType: 'ecdsa-p256' });
    try {
      const bundle = await signKeyless(other, payload, {}, 'v2');
      expect(await check(bundle, {}, trustMaterial(Buffer.from(JSON.stringify(other.trustedRoot))))).toMatchObject({ check: { status: 'passed' } });
      expect(await refusal(bundle)).toBe('SIGNATURE_INVALID');
    } finally {
      await other.close();
    }
  });

  it('accepts an email identity, which claims no more than that', async () => {
    const { signature } = await check(bundles.email);
    expect(signature!.claims).toMatchObject({ identity: 'dev@acme.example', issuer: sigstore.oidc.url, builder: undefined });
  });

  it('agrees with the unmodified library on what it accepts, but for digests of Rekor v2', async () => {
    const trust = toTrustMaterial(TrustedRoot.fromJSON(sigstore.trustedRoot));
    for (const kind of ['v1', 'v1+tsa', 'other', 'email'] as const) {
      expect(() => new Verifier(trust).verify(toSignedEntity(readBundle(bundles[kind]).bundle))).not.toThrow();
      expect(await refusal(bundles[kind])).toBeUndefined();
    }
  });

  it('does not ask for the trust root for a bundle that lacks what the rule needs', async () => {
    const never = () => Promise.reject(new Error('asked'));
    for (const [bundle, rest, code] of [
      [bundles.tsa, {}, 'TLOG_REQUIRED'],
      [editBundle(bundles.tsa, (json) => void delete json.verificationMaterial.timestampVerificationData), { tlog: 'none' }, 'TIMESTAMP_REQUIRED'],
    ] as const) {
      expect(await checkCertificate(readBundle(bundle), rule(rest), 'rules[0]', never)).toMatchObject({ check: { code } });
    }
    await expect(checkCertificate(readBundle(bundles.v1), rule(), 'rules[0]', never)).rejects.toThrow('asked');
  });

  const swap = (from: Buffer, part: (json: BundleJson) => object): ((json: BundleJson) => void) => (json) => void Object.assign(part(json), structuredClone(part(parseBundle(from))));
  it.each<[string, keyof typeof bundles, (json: BundleJson) => void, string]>([
    ['log entries stripped', 'v1+tsa', (json) => void (json.verificationMaterial.tlogEntries = []), 'TLOG_REQUIRED'],
    ['the log entry of another signature', 'v1+tsa', (json) => swap(bundles.other, (of) => of.verificationMaterial.tlogEntries)(json), 'TLOG_REQUIRED'],
    ['the log entry twice', 'v1', (json) => void json.verificationMaterial.tlogEntries.push(entryOf(json)), 'TLOG_REQUIRED'],
    ['the promise tampered with', 'v1', (json) => void (entryOf(json).inclusionPromise!.signedEntryTimestamp = flip(entryOf(json).inclusionPromise!.signedEntryTimestamp)), 'TLOG_REQUIRED'],
    ['the promise removed', 'v1', (json) => void delete entryOf(json).inclusionPromise, 'TIMESTAMP_REQUIRED'],
    ['a hash of the proof tampered with', 'v1', (json) => void (entryOf(json).inclusionProof!.hashes[0] = flip(entryOf(json).inclusionProof!.hashes[0]!)), 'TLOG_REQUIRED'],
    ['the root of the proof tampered with', 'v1', (json) => void (entryOf(json).inclusionProof!.rootHash = flip(entryOf(json).inclusionProof!.rootHash)), 'TLOG_REQUIRED'],
    ['the size of the proof changed', 'v1', (json) => void (entryOf(json).inclusionProof!.treeSize += '0'), 'TLOG_REQUIRED'],
    ['the index of the proof changed', 'v1', (json) => void (entryOf(json).inclusionProof!.logIndex = '0'), 'TLOG_REQUIRED'],
    ['the index of a v2 entry changed', 'v2', (json) => void (entryOf(json).logIndex = '7'), 'TLOG_REQUIRED'],
    ['the log of a v2 entry changed', 'v2', (json) => void (entryOf(json).logId.keyId = entryOf(parseBundle(bundles.v1)).logId.keyId), 'TLOG_REQUIRED'],
    ['the time of the log changed', 'v1', (json) => void (entryOf(json).integratedTime = String(Number(entryOf(json).integratedTime) + 1)), 'TLOG_REQUIRED'],
    ['numbers in other digits', 'v1', (json) => void (entryOf(json).integratedTime = `0x${Number(entryOf(json).integratedTime).toString(16)}`), 'TLOG_REQUIRED'],
    ['another kind of entry', 'v1', (json) => void (entryOf(json).kindVersion.kind = 'intoto'), 'TLOG_REQUIRED'],
    ['the timestamp of another signature', 'v1+tsa', (json) => void swap(bundles.other, (of) => of.verificationMaterial.timestampVerificationData!)(json), 'TIMESTAMP_REQUIRED'],
    ['the timestamp twice', 'v1+tsa', ({ verificationMaterial: { timestampVerificationData: data } }) => void data!.rfc3161Timestamps.push(data!.rfc3161Timestamps[0]!), 'TIMESTAMP_REQUIRED'],
    ['a timestamp that is none', 'v1+tsa', (json) => void (json.verificationMaterial.timestampVerificationData!.rfc3161Timestamps[0]!.signedTimestamp = 'AAAA'), 'SIGNATURE_INVALID'],
    ['the timestamp removed from a v2 bundle', 'v2', (json) => void delete json.verificationMaterial.timestampVerificationData, 'TIMESTAMP_REQUIRED'],
    ['the certificate of another signature', 'v1', (json) => void (json.verificationMaterial.certificate = parseBundle(bundles.other).verificationMaterial.certificate!), 'TLOG_REQUIRED'],
    ['the signature tampered with', 'v1', (json) => void (json.dsseEnvelope.signatures[0]!.sig = flip(json.dsseEnvelope.signatures[0]!.sig)), 'TLOG_REQUIRED'],
    ['another payload', 'v1', (json) => void (json.dsseEnvelope.payload = Buffer.from('{"a":2}\n').toString('base64')), 'TLOG_REQUIRED'],
    ['another payload without a log', 'tsa', (json) => void (json.dsseEnvelope.payload = Buffer.from('{"a":2}\n').toString('base64')), 'SIGNATURE_INVALID'],
    ['an unknown field in a log entry', 'v1', (json) => void Object.assign(entryOf(json), { more: 1 }), 'BUNDLE_AMBIGUOUS'],
    ['sloppy base64 in a log entry', 'v1', (json) => void (entryOf(json).canonicalizedBody += '\n'), 'BUNDLE_AMBIGUOUS'],
  ])('refuses %s', async (_name, kind, edit, code) => {
    const rest = kind === 'tsa' ? { tlog: 'none' as const } : {};
    expect(await refusal(bundles[kind], rest)).toBeUndefined();
    expect(await refusal(editBundle(bundles[kind], edit), rest)).toBe(code);
  });

  it('refuses a bundle relabelled as version 0.1 to get rid of the proof of inclusion', async () => {
    const relabelled = editBundle(bundles.v1, (json) => {
      json.mediaType = 'application/vnd.dev.sigstore.bundle+json;version=0.1';
      json.verificationMaterial.x509CertificateChain = { certificates: [json.verificationMaterial.certificate!] };
      delete json.verificationMaterial.certificate;
      delete entryOf(json).inclusionProof;
    });
    // The library has nothing against it.
    new Verifier(toTrustMaterial(TrustedRoot.fromJSON(sigstore.trustedRoot))).verify(toSignedEntity(readBundle(relabelled).bundle));
    expect(await check(relabelled)).toMatchObject({ check: { code: 'TLOG_REQUIRED', message: expect.stringContaining('no proof of inclusion') as unknown } });
  });

  it('holds an entry to the digest of its kind: of the payload, or of what was signed', () => {
    const leaf = Buffer.from(parseBundle(bundles.v2).verificationMaterial.certificate!.rawBytes, 'base64');
    expect(logEntryProblem(readBundle(bundles.v2), leaf)).toBeUndefined();
    const recorded = editBundle(bundles.v2, (json) => {
      const body = JSON.parse(Buffer.from(entryOf(json).canonicalizedBody, 'base64').toString()) as { spec: { hashedRekordV002: { data: { digest: string } } } };
      body.spec.hashedRekordV002.data.digest = createHash('sha256').update(payload).digest('base64');
      entryOf(json).canonicalizedBody = Buffer.from(JSON.stringify(body)).toString('base64');
    });
    expect(logEntryProblem(readBundle(recorded), leaf)).toContain('another payload');
  });

  it('takes no time from a log entry without a promise', async () => {
    const dated = editBundle(bundles['v1+tsa'], (json) => {
      delete entryOf(json).inclusionPromise;
      Object.assign(entryOf(json), { integratedTime: '1000000000', logIndex: entryOf(json).inclusionProof!.logIndex });
    });
    const { signature } = await check(dated);
    expect(signature!.time.getTime()).toBeGreaterThan(Date.now() - 600_000);
  });

  it('refuses certificates in other bytes than those that were signed, of other uses, or with two names', async () => {
    const { publicKey } = new X509Certificate(Buffer.from(parseBundle(bundles.tsa).verificationMaterial.certificate!.rawBytes, 'base64'));
    const { authority } = sigstore.fulcio;
    const life = { publicKey, notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 60_000) };
    const issuer = extension('1.3.6.1.4.1.57264.1.8', utf8(sigstore.oidc.url));
    const make = (...extensions: Buffer[]): Buffer => signCertificate(toBeSigned(authority, { ...life, extensions })(), authority.keys.privateKey);
    const codeSigning = extendedKeyUsage('1.3.6.1.5.5.7.3.3');
    const claims = (der: Buffer) => readCertificateClaims(SealedCertificate.read(der));
    const good = make(codeSigning, issuer, alternativeName(email('a@b')));
    expect(openLeaf(good)).toBeTypeOf('object');
    expect(openLeaf(Buffer.concat([good, Buffer.of(0)]))).toMatch(/not in DER|cannot be decoded/);
    expect(openLeaf(make(extendedKeyUsage('1.3.6.1.5.5.7.3.1'), issuer))).toContain('signing code');
    expect(openLeaf(make(issuer))).toContain('signing code');
    expect(openLeaf(authority.certificate)).toContain('signing code');
    expect(openLeaf(Buffer.from('x'))).toContain('decoded');
    expect(claims(good)).toMatchObject({ issuer: sigstore.oidc.url, identity: 'a@b' });
    const bad: [Buffer[], string][] = [
      [[issuer, alternativeName(email('a@b'), uri('https://c'))], '2 subject alternative names'],
      [[issuer], '0 subject alternative names'],
      [[issuer, alternativeName(dns('a.b'))], 'neither'],
      [[alternativeName(email('a@b'))], 'no OIDC issuer'],
      [[issuer, issuer, alternativeName(email('a@b'))], 'twice'],
      [[extension('1.3.6.1.4.1.57264.1.8', octets(Buffer.from('https://i'))), alternativeName(email('a@b'))], 'UTF8String'],
    ];
    for (const [extensions, message] of bad) expect(() => claims(make(...extensions)), message).toThrow(message);
    expect(claims(make(extension('1.3.6.1.4.1.57264.1.1', Buffer.from('https://old')), alternativeName(email('a@b')))).issuer).toBe('https://old');
  });

  it('refuses checkpoints whose names are regular expressions, without delay', async () => {
    const bad = editBundle(bundles.v1, (json) => {
      const { checkpoint } = entryOf(json).inclusionProof!;
      checkpoint.envelope = checkpoint.envelope.replace(/\u2014 \S+/, '\u2014 ^(([a-z:/.])+)+#');
    });
    const start = performance.now();
    expect(await check(bad)).toMatchObject({ check: { code: 'TLOG_REQUIRED', message: expect.stringContaining('not written as logs write it') as unknown } });
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it('refuses the entry of a log about the same signature by another certificate', async () => {
    // A certificate of the same key by the same authority for somebody else: without a log nothing tells them apart, and the rule refuses eve.
    const json = parseBundle(bundles.tsa);
    const { publicKey } = new X509Certificate(Buffer.from(json.verificationMaterial.certificate!.rawBytes, 'base64'));
    const forged = sigstore.fulcio.issue(publicKey, { iss: sigstore.oidc.url, email: 'eve@acme.example' }, { backdateMs: 60_000 });
    expect(await refusal(editBundle(bundles.tsa, (of) => void (of.verificationMaterial.certificate = { rawBytes: forged.toString('base64') })), { tlog: 'none' })).toBeUndefined();
    const logged = new X509Certificate(Buffer.from(parseBundle(bundles.v1).verificationMaterial.certificate!.rawBytes, 'base64')).publicKey;
    const other = sigstore.fulcio.issue(logged, { iss: sigstore.oidc.url, email: 'eve@acme.example' }, { backdateMs: 60_000 });
    const swapped = editBundle(bundles.v1, (of) => void (of.verificationMaterial.certificate = { rawBytes: other.toString('base64') }));
    new Verifier(toTrustMaterial(TrustedRoot.fromJSON(sigstore.trustedRoot))).verify(toSignedEntity(readBundle(swapped).bundle));
    expect(await check(swapped)).toMatchObject({ check: { code: 'TLOG_REQUIRED', message: expect.stringContaining('another certificate') as unknown } });
  });

  it('refuses a certificate that was not valid when it was logged or stamped', async () => {
    const { publicKey } = new X509Certificate(Buffer.from(parseBundle(bundles.tsa).verificationMaterial.certificate!.rawBytes, 'base64'));
    const expired = sigstore.fulcio.issue(publicKey, { iss: sigstore.oidc.url, email: 'dev@acme.example' }, { backdateMs: 3_600_000, lifetimeMs: 600_000 });
    const found = await check(editBundle(bundles.tsa, (of) => void (of.verificationMaterial.certificate = { rawBytes: expired.toString('base64') })), { tlog: 'none' });
    expect(found).toMatchObject({ check: { code: 'SIGNATURE_INVALID', message: expect.stringContaining('certificate chain') as unknown } });
  });

  it('refuses a certificate without a certificate transparency timestamp', async () => {
    const { publicKey } = new X509Certificate(Buffer.from(parseBundle(bundles.tsa).verificationMaterial.certificate!.rawBytes, 'base64'));
    const bare = sigstore.fulcio.issue(publicKey, { iss: sigstore.oidc.url, email: 'dev@acme.example' }, { sct: false, backdateMs: 60_000 });
    const found = await check(editBundle(bundles.tsa, (of) => void (of.verificationMaterial.certificate = { rawBytes: bare.toString('base64') })), { tlog: 'none' });
    expect(found).toMatchObject({ check: { code: 'SIGNATURE_INVALID', message: expect.stringContaining('SCTs') as unknown } });
  });

  it('does not let the chain of the bundle stand for an authority', async () => {
    const other = await startSigstore();
    try {
      const foreign = await signKeyless(other, payload, {}, 'v1');
      const withRoot = editBundle(foreign, (json) => {
        json.mediaType = 'application/vnd.dev.sigstore.bundle+json;version=0.2';
        json.verificationMaterial.x509CertificateChain = { certificates: [json.verificationMaterial.certificate!, { rawBytes: other.fulcio.authority.certificate.toString('base64') }] };
        delete json.verificationMaterial.certificate;
      });
      expect(await refusal(foreign)).toBe('SIGNATURE_INVALID');
      expect(await refusal(withRoot)).toBe('SIGNATURE_INVALID');
    } finally {
      await other.close();
    }
  });

  it.each(['tlogs', 'ctlogs', 'certificateAuthorities'])('refuses a bundle when the trust root has no %s', async (field) => {
    const { check: found } = await check(bundles.v1, {}, material((root) => void (root[field] = [])));
    expect(found.status).toBe('failed');
  });

  it('refuses a log after the end of its time', async () => {
    const end = new Date(Date.now() - 600_000).toISOString();
    const ended = material((root) => {
      for (const log of root['tlogs'] as { publicKey: { validFor: { end?: string } } }[]) log.publicKey.validFor.end = end;
    });
    expect(await check(bundles.v2, {}, ended)).toMatchObject({ check: { code: 'TLOG_REQUIRED' } });
    expect(await check(bundles.v1, {}, ended)).toMatchObject({ check: { code: 'TLOG_REQUIRED' } });
  });

  it.each(['v1', 'v2'] as const)('refuses a bundle of the kind %s with any of its bytes changed', async (kind) => {
    const bytes = bundles[kind];
    const text = bytes.toString();
    const stamp = text.indexOf('"signedTimestamp"');
    const end = stamp === -1 ? -1 : text.indexOf('"}', stamp);
    for (let index = 3; index < bytes.length; index += 53) {
      // Parts of a timestamp's wrapping are signed by nobody.
      if (index > stamp && index < end) continue;
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(await refusal(changed), `byte ${index} of ${text.slice(Math.max(0, index - 30), index + 1)}`).toBeDefined();
    }
  }, 60_000);
});

describe('the signers of a rule', () => {
  const signatureFor = (identity: string, issuer = 'https://i') => ({ claims: { issuer, identity, builder: undefined, repository: undefined, commit: undefined, ref: undefined }, time: new Date(0), tlogEntries: 1, timestamps: 0 });
  const accepts = (signer: object, identity: string, issuer?: string): boolean => refuseSigner(signatureFor(identity, issuer), { projects: ['*'], signers: [signer as never] }, 'r') === undefined;
  const workflow = 'https://github.com/acme/w/.github/workflows/release.yml';
  const identity = `${workflow}@refs/heads/main`;

  it('accept the exact issuer and identity alone', () => {
    expect(accepts({ issuer: 'https://i', identity }, identity)).toBe(true);
    for (const other of ['https://github.com/acme', 'https://github.com/acme/w', '.', '.*', `^${identity}$`, `${identity}x`, `x${identity}`, identity.slice(0, -1), identity.toUpperCase(), identity.replace('release', 'other'), ` ${identity}`]) {
      expect(accepts({ issuer: 'https://i', identity: other }, identity), other).toBe(false);
      expect(accepts({ issuer: 'https://i', identity }, other), other).toBe(false);
    }
    for (const issuer of ['https://i/', 'https://', 'https://ii', '']) expect(accepts({ issuer: 'https://i', identity }, identity, issuer), issuer).toBe(false);
  });

  it('take a star for a part between slashes of the workflow or the ref', () => {
    const signer = { issuer: 'https://i', identityPattern: `${workflow}@refs/heads/*` };
    expect(accepts(signer, identity)).toBe(true);
    expect(accepts({ ...signer, identityPattern: 'https://github.com/acme/w/.github/workflows/*@refs/tags/v*' }, 'https://github.com/acme/w/.github/workflows/a.yml@refs/tags/v1.2')).toBe(true);
    for (const other of [`${workflow}@refs/heads/a@b`, `${workflow}@refs/heads/a/b`, `${workflow}@refs/heads/`, `${workflow}@refs/tags/main`, `${workflow}@x@refs/heads/main`, workflow, `${identity}\n`.replace('main', 'a/main')]) {
      expect(accepts(signer, other), other).toBe(false);
    }
    expect(accepts({ issuer: 'https://i', identityPattern: 'https://github.com/acme/w/.github/workflows/*' }, identity)).toBe(false);
    expect(accepts({ issuer: 'https://i', identityPattern: 'https://github.com/*/w/.github/workflows/release.yml@refs/heads/main' }, identity)).toBe(false);
    expect(accepts({ issuer: 'https://i', identityPattern: `${workflow.replace('.yml', '-yml')}@refs/heads/*` }, identity)).toBe(false);
    expect(accepts({ issuer: 'https://i', identityPattern: `${workflow}@refs/heads/*` }, identity.replace('release.yml', 'releasexyml'))).toBe(false);
  });

  it('take a branch with an @ as it is', () => {
    expect(accepts({ issuer: 'https://i', identity: `${workflow}@refs/heads/a@b` }, `${workflow}@refs/heads/a@b`)).toBe(true);
    expect(accepts({ issuer: 'https://i', identityPattern: `${workflow}@refs/*/a@b` }, `${workflow}@refs/heads/a@b`)).toBe(true);
  });

  it('of keys accept no certificate', () => {
    expect(accepts({ key: 'a'.repeat(64) }, identity)).toBe(false);
    expect(isForCertificate(readBundle(bundles.v1), { projects: ['*'], signers: [{ key: 'a'.repeat(64) }] })).toBe(false);
  });

  it('must have signed recently enough, and with a timestamp where the rule says so', () => {
    const found = signatureFor(identity);
    const under = (rest: Partial<Rule>, days: number) => checkCertificateIdentity(found, { projects: ['*'], signers: [{ issuer: 'https://i', identity }], ...rest }, 'r', new Date(days * 86_400_000));
    expect(under({ maxAgeDays: 2 }, 2)).toMatchObject({ status: 'passed' });
    expect(under({ maxAgeDays: 2 }, 2.001)).toMatchObject({ code: 'PROOF_TOO_OLD' });
    expect(under({ timestamp: 'required' }, 0)).toMatchObject({ code: 'TIMESTAMP_REQUIRED' });
    expect(under({ signers: [{ issuer: 'https://i', identity: 'x' }] }, 0)).toMatchObject({ code: 'SIGNER_NOT_ALLOWED', details: { issuer: 'https://i', identity } });
  });
});
