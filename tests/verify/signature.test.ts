import { createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { dsse } from '@sigstore/core';
import { describe, expect, it } from 'vitest';
import { dsseBundle, preAuthEncoding, readBundle, type ParsedBundle } from '../../src/model/bundle';
import { jsonDocument } from '../../src/model/json';
import { keyHint } from '../../src/model/keys';
import { checkSignature } from '../../src/verify';
import { testKey } from '../support/proofs';

const payload = Buffer.from('{"a":1}\n');
const p256 = testKey();
const ed25519 = testKey('ed25519');
const none = (): Promise<ReadonlyMap<string, KeyObject>> => Promise.resolve(new Map());

const bundleOf = (signature: Uint8Array, hint = 'x'): ParsedBundle => readBundle(dsseBundle({ payload, signature, keyHint: hint }));
const check = (bundle: ParsedBundle, ...keys: { fingerprint: string; publicKey: KeyObject }[]) =>
  checkSignature(bundle, { projects: ['*'], signers: keys.map(({ fingerprint }) => ({ key: fingerprint })) } as never, 'rules[0]', new Map(keys.map((key) => [key.fingerprint, key.publicKey])), none);

describe('preAuthEncoding', () => {
  it.each([Buffer.alloc(0), payload, Buffer.from([0xff, 0, 10])])('is that of Sigstore', (bytes) => {
    expect(preAuthEncoding(bytes)).toEqual(dsse.preAuthEncoding('application/vnd.in-toto+json', bytes));
  });
});

describe('checkSignature', () => {
  it('accepts ECDSA P-256 over sha256 in DER, and Ed25519', async () => {
    const pae = preAuthEncoding(payload);
    expect(await check(bundleOf(sign('sha256', pae, p256.privateKey)), p256)).toMatchObject({ fingerprint: p256.fingerprint, check: { status: 'passed' } });
    expect(await check(bundleOf(sign(undefined, pae, ed25519.privateKey)), p256, ed25519)).toMatchObject({ fingerprint: ed25519.fingerprint });
  });

  it.each([
    ['over sha384', () => sign('sha384', preAuthEncoding(payload), p256.privateKey)],
    ['over sha1', () => sign('sha1', preAuthEncoding(payload), p256.privateKey)],
    ['in the form r || s', () => sign('sha256', preAuthEncoding(payload), { key: p256.privateKey, dsaEncoding: 'ieee-p1363' })],
    ['with bytes after the DER', () => Buffer.concat([sign('sha256', preAuthEncoding(payload), p256.privateKey), Buffer.from([0])])],
    ['of the payload without its type', () => sign('sha256', payload, p256.privateKey)],
    ['of another payload', () => sign('sha256', preAuthEncoding(Buffer.from('{}\n')), p256.privateKey)],
    ['of zeros', () => Buffer.from('3006020100020100', 'hex')],
    ['of one byte', () => Buffer.from([0])],
  ])('refuses a signature %s: SIGNATURE_INVALID', async (_name, make) => {
    const found = await check(bundleOf(make(), keyHint(p256.publicKey)), p256, ed25519);
    expect(found).toMatchObject({ check: { status: 'failed', code: 'SIGNATURE_INVALID' } });
    expect(found).not.toHaveProperty('fingerprint');
  });

  it('refuses a rule whose key was not loaded', async () => {
    const bundle = bundleOf(sign('sha256', preAuthEncoding(payload), p256.privateKey));
    const found = await checkSignature(bundle, { projects: ['*'], signers: [{ key: p256.fingerprint }] }, 'rules[0]', new Map(), none);
    expect(found).not.toHaveProperty('fingerprint');
  });

  it('tries no other key for acceptance than those of the rule', async () => {
    const bundle = bundleOf(sign(undefined, preAuthEncoding(payload), ed25519.privateKey));
    const keys = new Map([p256, ed25519].map((key) => [key.fingerprint, key.publicKey]));
    const found = await checkSignature(bundle, { projects: ['*'], signers: [{ key: p256.fingerprint }] }, 'rules[3]', keys, none);
    expect(found).not.toHaveProperty('fingerprint');
    expect(found.check).toMatchObject({ code: 'SIGNER_NOT_ALLOWED', details: { key: ed25519.fingerprint, rule: 'rules[3]' } });
  });

  it('asks for further keys only to explain a refusal', async () => {
    const bundle = bundleOf(sign('sha256', preAuthEncoding(payload), p256.privateKey));
    let asked = 0;
    const others = (): Promise<ReadonlyMap<string, KeyObject>> => {
      asked += 1;
      return Promise.resolve(new Map([[p256.fingerprint, p256.publicKey]]));
    };
    const rule = (key: string) => ({ projects: ['*'], signers: [{ key }] });
    await checkSignature(bundle, rule(p256.fingerprint), 'r', new Map([[p256.fingerprint, p256.publicKey]]), others);
    expect(asked).toBe(0);
    expect(await checkSignature(bundle, rule(ed25519.fingerprint), 'r', new Map([[ed25519.fingerprint, ed25519.publicKey]]), others)).toMatchObject({ check: { code: 'SIGNER_NOT_ALLOWED' } });
    expect(asked).toBe(1);
  });

  it.each(['', 'not base64', Buffer.alloc(32).toString('base64url'), 'A'.repeat(44)])('makes nothing of the hint %j', async (hint) => {
    expect(await check(bundleOf(Buffer.from([1]), hint), p256)).toMatchObject({ check: { code: 'SIGNATURE_INVALID' } });
  });

  it('does not look at log entries and timestamps beside a key, however broken', async () => {
    const json = JSON.parse(dsseBundle({ payload, signature: sign('sha256', preAuthEncoding(payload), p256.privateKey), keyHint: 'x' }).toString()) as { verificationMaterial: object };
    const entry = { logIndex: '1', logId: { keyId: 'AAAA' }, kindVersion: { kind: 'dsse', version: '0.0.1' }, integratedTime: '1770000000', inclusionProof: { logIndex: 'x', rootHash: 'AAAA', treeSize: '2', hashes: [], checkpoint: { envelope: '\u2014 (([a-z:/.])+)+# AAAA\n' } } };
    Object.assign(json.verificationMaterial, { tlogEntries: [entry, entry], timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: 'AAAA' }] } });
    expect(await check(readBundle(Buffer.from(jsonDocument(json))), p256)).toMatchObject({ fingerprint: p256.fingerprint });
  });

  it('does not accept a key of another kind, were one loaded', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const rsa = { fingerprint: 'f'.repeat(64), publicKey: createPublicKey(privateKey) };
    const found = await check(bundleOf(sign('sha256', preAuthEncoding(payload), privateKey)), rsa);
    expect(found).not.toHaveProperty('fingerprint');
  });
});
