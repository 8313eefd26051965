import { createHash, generateKeyPairSync } from 'node:crypto';
import { symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyBundle, type ArtifactReference, type ExpectedSigner } from '../../src/commands/verify-bundle';
import { MAX_DOCUMENT_BYTES } from '../../src/files';
import { publicKeyPem } from '../../src/model/keys';
import { makeBundle, logEntry, type BundleInput, type EntryKind, type SignatureJson } from '../support/bundles';
import { flip } from '../support/certificates';
import { testEnv } from '../support/env';
import { temporaryFolder, writeFiles } from '../support/folder';
import { startSigstore, type Sigstore } from '../support/sigstore';
import { newKeyPair, type KeyPair } from '../support/sigstore/x509';

let sigstore: Sigstore;
beforeAll(async () => void (sigstore = await startSigstore()));
afterAll(() => sigstore.close());

const artifact = Buffer.from('An artifact.\n');
const sha256 = createHash('sha256').update(artifact).digest('hex');
const statement = (rest: object = {}): Buffer => Buffer.from(JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', subject: [{ name: 'a', digest: { sha256 } }], predicateType: 'https://x', predicate: {}, ...rest }));
const make = (rest: Partial<BundleInput> = {}): SignatureJson => makeBundle(sigstore, { artifact, ...rest });

interface Options {
  readonly key?: KeyPair;
  readonly by?: 'file' | 'digest';
  readonly signer?: ExpectedSigner;
  readonly trustedRoot?: Record<string, unknown>;
  readonly content?: Buffer;
}

async function verify(bundle: SignatureJson, { key, by = 'digest', signer, trustedRoot, content = artifact }: Options = {}) {
  const folder = temporaryFolder();
  const file = (name: string): string => path.join(folder, name);
  await writeFiles(folder, { 'b.json': JSON.stringify(bundle), 'root.json': JSON.stringify(trustedRoot ?? sigstore.trustedRoot), a: content, ...(key && { 'k.pem': publicKeyPem(key.publicKey) }) });
  const expected = signer ?? (key === undefined ? { issuer: sigstore.oidc.url, identity: sigstore.identity } : { key: file('k.pem') });
  const reference: ArtifactReference = by === 'file' ? { file: file('a') } : { sha256: createHash('sha256').update(content).digest('hex') };
  return verifyBundle(testEnv({}, { cwd: folder }), { bundle: file('b.json'), artifact: reference, signer: expected, trustedRoot: file('root.json') });
}

const codes = async (...args: Parameters<typeof verify>): Promise<unknown> => {
  const { result, checks } = await verify(...args);
  expect(result).toBe(checks.some(({ status }) => status === 'failed') ? 'FAILED' : 'PASSED');
  return checks.flatMap(({ code }) => code ?? []);
};

describe('verifyBundle', () => {
  const ENTRIES: [EntryKind, boolean][] = [
    ['dsse 0.0.1', true],
    ['intoto 0.0.2', true],
    ['hashedrekord 0.0.1', true],
    ['hashedrekord 0.0.1', false],
    ['dsse 0.0.2', true],
    ['hashedrekord 0.0.2', true],
    ['hashedrekord 0.0.2', false],
  ];

  it.each(ENTRIES)('accepts log entries of the kind %s, about a statement: %s, by certificates and keys', async (kind, isStatement) => {
    const input = { entries: [kind], stamps: [new Date()], ...(isStatement && { statement: statement() }) };
    const byCertificate = await verify(make(input));
    expect(byCertificate).toMatchObject({ result: 'PASSED', sha256, signer: { kind: 'certificate', identity: sigstore.identity, issuer: sigstore.oidc.url } });
    expect(byCertificate.checks.map(({ name }) => name)).toEqual(['signature', 'identity', 'subjects']);
    const key = newKeyPair();
    expect(await verify(make({ ...input, key }), { key })).toMatchObject({ result: 'PASSED', signer: { kind: 'key' } });
  });

  it.each(ENTRIES)('holds log entries of the kind %s, about a statement: %s, to payload, signature and signer', async (kind, isStatement) => {
    const input = (text = artifact): Partial<BundleInput> => ({ entries: [kind], stamps: [new Date()], ...(isStatement && { statement: statement({ predicate: text.toString() }) }) });
    const keys = newKeyPair();
    const bundle = make({ ...input(), keys });
    const entriesOf = (other: SignatureJson) => ({ ...bundle, verificationMaterial: { ...bundle.verificationMaterial, tlogEntries: other.verificationMaterial.tlogEntries } });
    const message = async (other: SignatureJson): Promise<string> => (await verify(entriesOf(other))).checks[0]!.message;
    expect(await message(makeBundle(sigstore, { artifact: Buffer.from('b'), keys, certificateOf: bundle, ...input(Buffer.from('b')) }))).toContain('another payload');
    expect(await message(make({ ...input(), keys, certificateOf: bundle }))).toContain('another signature');
    // The same signature by another certificate for the same key: the log has it, and it vouches for somebody else.
    const eve = make({ ...input(), keys });
    const body = JSON.parse(Buffer.from(bundle.verificationMaterial.tlogEntries[0]!.canonicalizedBody, 'base64').toString()) as unknown;
    const signatureOf = (json: SignatureJson): string => json.messageSignature?.signature ?? json.dsseEnvelope!.signatures[0]!.sig;
    const eveBody = Buffer.from(eve.verificationMaterial.tlogEntries[0]!.canonicalizedBody, 'base64').toString();
    const twice = (text: string): string => Buffer.from(text).toString('base64');
    const forged = eveBody.replaceAll(signatureOf(eve), signatureOf(bundle)).replaceAll(twice(signatureOf(eve)), twice(signatureOf(bundle)));
    expect(JSON.parse(forged)).not.toEqual(body);
    const entry = logEntry(sigstore, kind, JSON.parse(forged), { integratedTime: new Date(), isPromised: true });
    expect(await message({ ...bundle, verificationMaterial: { ...bundle.verificationMaterial, tlogEntries: [entry] } })).toContain('another certificate');
  });

  it.each(['dsse 0.0.1', 'dsse 0.0.2', 'intoto 0.0.2'] as const)('accepts no log entry of the kind %s for a message', async (kind) => {
    const bundle = make({ entries: [kind], statement: statement(), stamps: [new Date()] });
    const { dsseEnvelope, ...rest } = bundle;
    const asMessage: SignatureJson = { ...rest, messageSignature: { messageDigest: { algorithm: 'SHA2_256', digest: createHash('sha256').update(artifact).digest('base64') }, signature: dsseEnvelope!.signatures[0]!.sig } };
    expect(await codes(asMessage)).toEqual(['TLOG_REQUIRED']);
  });

  it.each<[string, (body: { spec: Record<string, never> }) => void]>([
    ['another member', (body) => Object.assign(body.spec, { more: 1 })],
    ['another digest algorithm', (body) => Object.assign(body.spec['data']!['hash'], { algorithm: 'sha512' })],
    ['no key', (body) => Object.assign(body.spec['signature']!, { publicKey: undefined })],
    ['a key that is no PEM', (body) => Object.assign(body.spec['signature']!['publicKey'], { content: 'AAAA' })],
    ['a list for an object', (body) => Object.assign(body.spec, { data: [] })],
    ['no signature', (body) => Object.assign(body.spec['signature']!, { content: '' })],
    ['another kind', (body) => Object.assign(body, { kind: 'rekord' })],
    ['a kind that is none', (body) => Object.assign(body, { kind: 1 })],
  ])('refuses a log entry with %s', async (_name, edit) => {
    const bundle = make();
    const body = JSON.parse(Buffer.from(bundle.verificationMaterial.tlogEntries[0]!.canonicalizedBody, 'base64').toString()) as { spec: Record<string, never> };
    edit(body);
    bundle.verificationMaterial.tlogEntries = [logEntry(sigstore, 'hashedrekord 0.0.1', body, { integratedTime: new Date(), isPromised: true })];
    expect(await codes(bundle)).toEqual(['TLOG_REQUIRED']);
  });

  it('refuses an intoto entry about another type of payload, or about two signatures', async () => {
    for (const edit of [(envelope: Record<string, unknown>) => (envelope['payloadType'] = 'text/plain'), (envelope: Record<string, unknown>) => (envelope['signatures'] as unknown[]).push(1)]) {
      const bundle = make({ statement: statement(), entries: ['intoto 0.0.2'] });
      const body = JSON.parse(Buffer.from(bundle.verificationMaterial.tlogEntries[0]!.canonicalizedBody, 'base64').toString()) as { spec: { content: { envelope: Record<string, unknown> } } };
      edit(body.spec.content.envelope);
      bundle.verificationMaterial.tlogEntries = [logEntry(sigstore, 'intoto 0.0.2', body, { integratedTime: new Date(), isPromised: true })];
      expect(await codes(bundle)).toEqual(['TLOG_REQUIRED']);
    }
  });

  it('refuses a signature that is wrong, though a log has it as it is', async () => {
    for (const rest of [{}, { statement: statement() }]) {
      const key = newKeyPair();
      for (const [signed, options] of [[make({ ...rest, entries: ['hashedrekord 0.0.1'] }), {}] as const, [make({ ...rest, key }), { key }] as const]) {
        const sig = signed.messageSignature?.signature ?? signed.dsseEnvelope!.signatures[0]!.sig;
        const wrong = JSON.parse(JSON.stringify(signed).replaceAll(sig, flip(sig))) as SignatureJson;
        const body = Buffer.from(signed.verificationMaterial.tlogEntries[0]!.canonicalizedBody, 'base64').toString().replaceAll(sig, flip(sig));
        wrong.verificationMaterial.tlogEntries = [logEntry(sigstore, 'hashedrekord 0.0.1', JSON.parse(body), { integratedTime: new Date(), isPromised: true })];
        expect(await codes(wrong, options)).toEqual(['SIGNATURE_INVALID']);
      }
    }
  });

  it.each(['prime256v1', 'secp384r1', 'secp521r1'])('verifies a message by its digest alone with a key on %s, and no other artifact', async (namedCurve) => {
    const key = generateKeyPairSync('ec', { namedCurve });
    const bundle = make({ key, entries: [] });
    expect(await codes(bundle, { key })).toEqual([]);
    expect(await codes(bundle, { key, by: 'file' })).toEqual([]);
    expect(await codes(bundle, { key, content: Buffer.from('b') })).toEqual(['SUBJECT_MISMATCH']);
    const other = generateKeyPairSync('ec', { namedCurve });
    expect(await codes(bundle, { key: other })).toEqual(['SIGNATURE_INVALID']);
    const flipped = { ...bundle, messageSignature: { ...bundle.messageSignature!, signature: flip(bundle.messageSignature!.signature) } };
    expect(await codes(flipped, { key })).toEqual(['SIGNATURE_INVALID']);
    const torn = { ...bundle, messageSignature: { ...bundle.messageSignature!, signature: 'AAAA' } };
    expect(await codes(torn, { key })).toEqual(['SIGNATURE_INVALID']);
  });

  it('does not take the digest of the bundle for that of the artifact', async () => {
    const key = newKeyPair();
    const bundle = make({ key, entries: [] });
    const other = createHash('sha256').update('b').digest('base64');
    const relabelled = { ...bundle, messageSignature: { ...bundle.messageSignature!, messageDigest: { algorithm: 'SHA2_256', digest: other } } };
    expect(await codes(relabelled, { key, content: Buffer.from('b') })).toEqual(['SIGNATURE_INVALID']);
    expect(await codes(relabelled, { key })).toEqual(['SUBJECT_MISMATCH']);
  });

  it('verifies Ed25519 over a file, and says that a digest is not enough', async () => {
    const key = generateKeyPairSync('ed25519');
    const bundle = make({ key, entries: [] });
    expect(await codes(bundle, { key, by: 'file' })).toEqual([]);
    await expect(verify(bundle, { key })).rejects.toMatchObject({ code: 'OPTION_INVALID', message: expect.stringContaining('give the FILE') as unknown });
    expect(await codes(bundle, { key: generateKeyPairSync('ed25519'), by: 'file' })).toEqual(['SIGNATURE_INVALID']);
    expect(await codes(make({ key, entries: [], statement: statement() }), { key })).toEqual([]);
    const large = Buffer.alloc(MAX_DOCUMENT_BYTES + 1);
    await expect(verify(makeBundle(sigstore, { artifact: large, key, entries: [] }), { key, by: 'file', content: large })).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
  });

  it('refuses keys that sign no files', async () => {
    for (const key of [generateKeyPairSync('rsa', { modulusLength: 2048 }), generateKeyPairSync('ec', { namedCurve: 'secp256k1' })]) {
      await expect(verify(make({ key, entries: [] }), { key })).rejects.toMatchObject({ code: 'KEY_INVALID' });
    }
    const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await expect(verify(make({ keys }))).rejects.toMatchObject({ code: 'KEY_INVALID', message: expect.stringContaining('rsa') as unknown });
  });

  it('refuses the kind of signer that was not asked for', async () => {
    const key = newKeyPair();
    expect(await codes(make(), { key })).toEqual(['SIGNER_NOT_ALLOWED']);
    expect(await codes(make({ key }))).toEqual(['SIGNER_NOT_ALLOWED']);
  });

  it('compares identity and issuer exactly', async () => {
    const { identity, oidc: { url: oidc } } = sigstore;
    for (const signer of [{ issuer: oidc, identity: '.*' }, { issuer: oidc, identity: identity.slice(0, -1) }, { issuer: `${oidc}/`, identity }, { issuer: oidc, identity: identity.toUpperCase() }]) {
      expect(await codes(make(), { signer })).toEqual(['SIGNER_NOT_ALLOWED']);
    }
  });

  it('holds log entries and timestamps beside a key to the trust root, and asks for none without them', async () => {
    const key = newKeyPair();
    const bundle = make({ key, stamps: [new Date()] });
    const mediaType = sigstore.trustedRoot['mediaType'];
    const other = await startSigstore();
    try {
      expect(await codes(bundle, { key, trustedRoot: other.trustedRoot })).toEqual(['TIMESTAMP_REQUIRED']);
      expect(await codes(make({ key }), { key, trustedRoot: other.trustedRoot })).toEqual(['TLOG_REQUIRED']);
    } finally {
      await other.close();
    }
    expect(await codes(make({ key, entries: [] }), { key, trustedRoot: { mediaType } })).toEqual([]);
    await expect(verify(bundle, { key, trustedRoot: { mediaType } })).rejects.toMatchObject({ code: 'TRUSTED_ROOT_INVALID' });
    const renamed = make({ key, isPromised: false });
    renamed.verificationMaterial.tlogEntries[0]!.logId.keyId = createHash('sha256').digest('base64');
    expect(await codes(renamed, { key })).toEqual(['TLOG_REQUIRED']);
  });

  it.each<[string, Buffer, string]>([
    ['of another artifact', statement({ subject: [{ name: 'a', digest: { sha256: 'b'.repeat(64) } }] }), 'SUBJECT_MISMATCH'],
    ['with a digest in capitals', statement({ subject: [{ name: 'a', digest: { sha256: sha256.toUpperCase() } }] }), 'SUBJECT_MISMATCH'],
    ['without subjects', statement({ subject: [] }), 'STATEMENT_INVALID'],
    ['with a subject that is none', statement({ subject: [1] }), 'STATEMENT_INVALID'],
    ['with a subject without digests', statement({ subject: [{ name: 'a' }] }), 'STATEMENT_INVALID'],
    ['of another type', statement({ _type: 'https://in-toto.io/Statement/v2' }), 'STATEMENT_INVALID'],
    ['without a predicate type', statement({ predicateType: undefined }), 'STATEMENT_INVALID'],
    ['that is no object', Buffer.from('[]'), 'STATEMENT_INVALID'],
    ['that is no JSON', Buffer.from('x'), 'STATEMENT_INVALID'],
    ['with a member twice', Buffer.from(statement().toString().replace('{', '{"subject":[],')), 'STATEMENT_INVALID'],
  ])('refuses a statement %s', async (_name, content, code) => {
    const key = newKeyPair();
    expect(await codes(make({ key, statement: content, entries: [] }), { key })).toEqual([code]);
    expect(await codes(make({ statement: content, entries: ['dsse 0.0.1'] }))).toEqual([code]);
  });

  it('accepts a statement with the artifact among others, and of version 0.1', async () => {
    const subject = [{ name: 'b', digest: { sha256: 'b'.repeat(64) } }, { name: 'c', digest: { sha512: 'c' } }, { name: 'a', digest: { sha256 } }];
    expect(await codes(make({ statement: statement({ subject, _type: 'https://in-toto.io/Statement/v0.1' }), entries: ['intoto 0.0.2'] }))).toEqual([]);
  });

  it('follows a link to the artifact that the caller names', async () => {
    const folder = temporaryFolder();
    await writeFile(path.join(folder, 'real'), artifact);
    await symlink('real', path.join(folder, 'link'));
    const key = newKeyPair();
    await writeFiles(folder, { 'b.json': JSON.stringify(make({ key, entries: [] })), 'k.pem': publicKeyPem(key.publicKey) });
    const request = { bundle: path.join(folder, 'b.json'), artifact: { file: path.join(folder, 'link') }, signer: { key: path.join(folder, 'k.pem') } };
    expect(await verifyBundle(testEnv({}, { cwd: folder }), request)).toMatchObject({ result: 'PASSED', sha256 });
    await expect(verifyBundle(testEnv({}, { cwd: folder }), { ...request, artifact: { file: path.join(folder, 'none') } })).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
