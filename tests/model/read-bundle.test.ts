import { bundleToJSON, toMessageSignatureBundle } from '@sigstore/bundle';
import { describe, expect, it } from 'vitest';
import { MAX_DOCUMENT_BYTES } from '../../src/files';
import { dsseBundle, readBundle } from '../../src/model/bundle';

type Json = Record<string, unknown>;

const payload = Buffer.from('{"a":1}\n');
const written = dsseBundle({ payload, signature: Buffer.from('signature!'), keyHint: 'hint' });
const encode = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const edited = (edit: (bundle: { verificationMaterial: Json; dsseEnvelope: Json & { signatures: Json[] } } & Json) => void): Buffer => {
  const bundle = JSON.parse(written.toString()) as Parameters<typeof edit>[0];
  edit(bundle);
  return encode(bundle);
};
const MEDIA_TYPES = [
  'application/vnd.dev.sigstore.bundle.v0.3+json',
  'application/vnd.dev.sigstore.bundle+json;version=0.3',
  'application/vnd.dev.sigstore.bundle+json;version=0.2',
  'application/vnd.dev.sigstore.bundle+json;version=0.1',
];
const refusal = (code: string, field: string): Error => expect.objectContaining({ code, details: expect.objectContaining({ field }) as unknown }) as Error;

describe('readBundle', () => {
  it('reads the bundles that nx-proof writes', () => {
    expect(readBundle(written)).toMatchObject({ payload, signature: Buffer.from('signature!'), material: 'publicKey', hint: 'hint', tlogEntries: 0, timestamps: 0 });
  });

  it('reads a bundle without a hint, with a keyid and without optional lists', () => {
    const bytes = edited((b) => {
      b.verificationMaterial = { publicKey: {} };
      b.dsseEnvelope.signatures[0]!['keyid'] = 'k';
    });
    expect(readBundle(bytes)).toMatchObject({ hint: undefined, tlogEntries: 0, timestamps: 0 });
  });

  it.each(MEDIA_TYPES)('reads the media type %s', (mediaType) => {
    expect(readBundle(edited((b) => (b['mediaType'] = mediaType))).payload).toEqual(payload);
  });

  it('reads certificates and counts log entries and timestamps', () => {
    const rawBytes = Buffer.from('certificate').toString('base64');
    const certificate = edited((b) => (b.verificationMaterial = { certificate: { rawBytes }, timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: rawBytes }] } }));
    expect(readBundle(certificate)).toMatchObject({ material: 'certificate', hint: undefined, timestamps: 1 });
    const entry = { logIndex: '1', logId: { keyId: 'AAAA' }, kindVersion: { kind: 'dsse', version: '0.0.1' }, inclusionPromise: { signedEntryTimestamp: 'AAAA' } };
    const chain = edited((b) => {
      b['mediaType'] = 'application/vnd.dev.sigstore.bundle+json;version=0.1';
      b.verificationMaterial = { x509CertificateChain: { certificates: [{ rawBytes }] }, tlogEntries: [entry] };
    });
    expect(readBundle(chain)).toMatchObject({ material: 'x509CertificateChain', tlogEntries: 1 });
  });

  it('leaves nothing of a bundle by a key to object to for the library, which is not asked', () => {
    const sets = [
      ...MEDIA_TYPES.map((mediaType) => edited((b) => (b['mediaType'] = mediaType))),
      edited((b) => (b.verificationMaterial = { publicKey: {} })),
      edited((b) => (b.verificationMaterial = { publicKey: { hint: '' }, tlogEntries: [], timestampVerificationData: {} })),
      edited((b) => (b.verificationMaterial['timestampVerificationData'] = { rfc3161Timestamps: [{ signedTimestamp: 'AAAA' }] })),
      edited((b) => delete b.dsseEnvelope.signatures[0]!['keyid']),
      edited((b) => (b.dsseEnvelope.signatures[0]!['keyid'] = 'k')),
    ];
    for (const bytes of sets) {
      const { payload: read, signature, bundle } = readBundle(bytes);
      expect(bundle.content).toMatchObject({ dsseEnvelope: { payload: read, payloadType: 'application/vnd.in-toto+json', signatures: [{ sig: signature }] } });
    }
  });

  it.each([
    ['an array', '/mediaType', Buffer.from('[]')],
    ['an empty object', '/mediaType', Buffer.from('{}')],
    ['null', '/mediaType', Buffer.from('null')],
    ['a statement', '/mediaType', Buffer.from('{"_type":"x"}')],
    ['a later media type', '/mediaType', edited((b) => (b['mediaType'] = 'application/vnd.dev.sigstore.bundle.v0.4+json'))],
    ['a media type with a suffix', '/mediaType', edited((b) => (b['mediaType'] = 'application/vnd.dev.sigstore.bundle.v0.3+jsonx'))],
    ['no verification material', '/verificationMaterial', edited((b) => delete (b as Json)['verificationMaterial'])],
    ['empty verification material', '/verificationMaterial', edited((b) => (b.verificationMaterial = {}))],
    ['a null public key', '/verificationMaterial/publicKey', edited((b) => (b.verificationMaterial = { publicKey: null }))],
    ['a hint that is no string', '/verificationMaterial/publicKey/hint', edited((b) => (b.verificationMaterial = { publicKey: { hint: 1 } }))],
    ['log entries that are no list', '/verificationMaterial/tlogEntries', edited((b) => (b.verificationMaterial['tlogEntries'] = {}))],
    ['no envelope', '/dsseEnvelope', edited((b) => delete (b as Json)['dsseEnvelope'])],
    ['another payload type', '/dsseEnvelope/payloadType', edited((b) => (b.dsseEnvelope['payloadType'] = 'text/plain'))],
    ['an empty payload', '/dsseEnvelope/payload', edited((b) => (b.dsseEnvelope['payload'] = ''))],
    ['a payload that is no string', '/dsseEnvelope/payload', edited((b) => (b.dsseEnvelope['payload'] = 5))],
    ['no signatures', '/dsseEnvelope/signatures', edited((b) => delete (b.dsseEnvelope as Json)['signatures'])],
    ['an empty signature', '/dsseEnvelope/signatures/0/sig', edited((b) => (b.dsseEnvelope.signatures[0]!['sig'] = ''))],
    ['a signature that is no object', '/dsseEnvelope/signatures/0', edited((b) => ((b.dsseEnvelope.signatures as unknown[])[0] = 'sig'))],
    ['a keyid that is no string', '/dsseEnvelope/signatures/0/keyid', edited((b) => (b.dsseEnvelope.signatures[0]!['keyid'] = {}))],
    ['a message signature', '/messageSignature', encode(bundleToJSON(toMessageSignatureBundle({ digest: Buffer.alloc(32, 1), signature: payload, keyHint: 'k' })))],
  ] as [string, string, Buffer][])('refuses %s as BUNDLE_INVALID and names %s', (_name, field, bytes) => {
    expect(() => readBundle(bytes)).toThrow(refusal('BUNDLE_INVALID', field));
  });

  const second = { sig: Buffer.from('other').toString('base64') };
  it.each([
    ['two signatures', '/dsseEnvelope/signatures', edited((b) => b.dsseEnvelope.signatures.push(second))],
    ['an unknown field', '/', edited((b) => (b['media_type'] = 'x'))],
    ['an unknown field of the envelope', '/dsseEnvelope', edited((b) => (b.dsseEnvelope['payload_type'] = 'x'))],
    ['an unknown field of a signature', '/dsseEnvelope/signatures/0', edited((b) => (b.dsseEnvelope.signatures[0]!['cert'] = 'x'))],
    ['an unknown field of the material', '/verificationMaterial', edited((b) => (b.verificationMaterial['public_key'] = {}))],
    ['an unknown field of the key', '/verificationMaterial/publicKey', edited((b) => (b.verificationMaterial['publicKey'] = { hint: 'x', rawBytes: 'x' }))],
    ['a field named __proto__', '/', Buffer.from(written.toString().replace('{', '{"__proto__":{},'))],
    ['key and certificate', '/verificationMaterial', edited((b) => (b.verificationMaterial['certificate'] = { rawBytes: 'AAAA' }))],
    ['both kinds of content', '/', edited((b) => (b['messageSignature'] = {}))],
    ['base64 without padding', '/dsseEnvelope/payload', edited((b) => (b.dsseEnvelope['payload'] = payload.toString('base64').replace(/=+$/, '')))],
    ['base64 with a newline', '/dsseEnvelope/payload', edited((b) => (b.dsseEnvelope['payload'] = `${payload.toString('base64')}\n`))],
    ['base64 with a space inside', '/dsseEnvelope/payload', edited((b) => (b.dsseEnvelope['payload'] = payload.toString('base64').replace(/^(...)/, '$1 ')))],
    ['base64url', '/dsseEnvelope/payload', edited((b) => (b.dsseEnvelope['payload'] = Buffer.from([0xfb, 0xff, 0xbf]).toString('base64url')))],
    ['base64 with unused bits set', '/dsseEnvelope/signatures/0/sig', edited((b) => (b.dsseEnvelope.signatures[0]!['sig'] = 'AB=='))],
    ['text that is no base64', '/dsseEnvelope/payload', edited((b) => (b.dsseEnvelope['payload'] = '???'))],
    ['a sloppy certificate', '/verificationMaterial/certificate/rawBytes', edited((b) => (b.verificationMaterial = { certificate: { rawBytes: 'AAA' } }))],
    ['a sloppy timestamp', '/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp', edited((b) => (b.verificationMaterial['timestampVerificationData'] = { rfc3161Timestamps: [{ signedTimestamp: 'A' }] }))],
    ['a repeated field', '/', Buffer.from(written.toString().replace('"payload":', '"payload":"AAAA","payload":'))],
    ['a repeated field, written with an escape', '/', Buffer.from(written.toString().replace('"payload":', '"\\u0070ayload":"AAAA","payload":'))],
  ] as [string, string, Buffer][])('refuses %s as BUNDLE_AMBIGUOUS and names %s', (_name, field, bytes) => {
    expect(() => readBundle(bytes)).toThrow(refusal('BUNDLE_AMBIGUOUS', field));
  });

  it('refuses what the format of that version does not allow', () => {
    const rawBytes = Buffer.from('certificate').toString('base64');
    const invalid = expect.objectContaining({ code: 'BUNDLE_INVALID' }) as Error;
    expect(() => readBundle(edited((b) => (b.verificationMaterial = { x509CertificateChain: { certificates: [{ rawBytes }] } })))).toThrow(invalid);
    expect(() => readBundle(edited((b) => (b.verificationMaterial['tlogEntries'] = [{ logIndex: '1' }])))).toThrow(invalid);
    expect(() => readBundle(edited((b) => (b.verificationMaterial['tlogEntries'] = [null])))).toThrow(invalid);
  });

  it.each([
    ['truncated', written.subarray(0, written.length / 2)],
    ['empty', Buffer.alloc(0)],
    ['binary', Buffer.from([0, 1, 2, 0xff])],
  ])('refuses %s bytes as JSON_INVALID', (_name, bytes) => {
    expect(() => readBundle(bytes)).toThrow(expect.objectContaining({ code: 'JSON_INVALID' }) as Error);
  });

  it('refuses a document larger than any bundle', () => {
    expect(() => readBundle(Buffer.alloc(MAX_DOCUMENT_BYTES + 1, ' '))).toThrow(expect.objectContaining({ code: 'FILE_TOO_LARGE' }) as Error);
  });

  it('does not overflow the stack on deep nesting', () => {
    const deep = Buffer.from(`{"mediaType":${'['.repeat(200_000)}${']'.repeat(200_000)}}`);
    expect(() => readBundle(deep)).toThrow(refusal('BUNDLE_INVALID', '/mediaType'));
  });
});
