import { createHash } from 'node:crypto';
import { ASN1Obj } from '@sigstore/core';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier, type TrustMaterial } from '@sigstore/verify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isProofError } from '../../src/errors';
import { preAuthEncoding, readBundle } from '../../src/model/bundle';
import { sha256Hex } from '../../src/model/digest';
import { SealedCertificate } from '../../src/model/sealed-certificate';
import type { Rule } from '../../src/model/types';
import { checkCertificate } from '../../src/verify/certificate';
import { trustMaterial } from '../../src/verify/trust-material';
import { editBundle, parseBundle, signKeyless } from '../support/certificates';
import { regionsOf } from '../support/regions';
import { startSigstore, type Sigstore } from '../support/sigstore';
import { sequence } from '../support/sigstore/der';
import { newAuthority, newKeyPair, signCertificate, spkiOf } from '../support/sigstore/x509';

/** Of the bytes of a bundle; `npm run e2e:mutate` takes each. */
const STRIDE = Number(process.env['MUTATE_STRIDE'] ?? 13);
const payload = Buffer.from('{"a":1}\n');
const KINDS = ['v1', 'v1+tsa', 'v2', 'v2 dsse', 'tsa', 'v0.2', 'v0.1'] as const;
type Kind = (typeof KINDS)[number];

interface Case {
  readonly bundle: Buffer;
  readonly sigstore: Sigstore;
  /** Remembers what was verified with it before. */
  readonly material: TrustMaterial;
}
const cases = {} as Record<Kind, Case>;
const started: Sigstore[] = [];

beforeAll(async () => {
  for (const options of [{}, { dsseKind: 'dsse', keyType: 'ecdsa-p256' }] as const) started.push(await startSigstore(options));
  const [first, second] = started as [Sigstore, Sigstore];
  const material = (of: Sigstore): TrustMaterial => trustMaterial(Buffer.from(JSON.stringify(of.trustedRoot)));
  const [one, two] = [material(first), material(second)];
  // So that proofs of inclusion have hashes.
  for (const kind of ['v1', 'v2'] as const) for (let n = 0; n < 3; n += 1) await signKeyless(first, Buffer.from(`{"n":${n}}\n`), {}, kind);
  await signKeyless(second, Buffer.from('{}\n'), {}, 'v2');
  for (const kind of ['v1', 'v1+tsa', 'v2', 'tsa'] as const) cases[kind] = { bundle: await signKeyless(first, payload, {}, kind), sigstore: first, material: one };
  cases['v2 dsse'] = { bundle: await signKeyless(second, payload, {}, 'v2'), sigstore: second, material: two };
  for (const version of ['0.2', '0.1'] as const) cases[`v${version}`] = { bundle: relabelled(cases['v1+tsa'].bundle, version), sigstore: first, material: one };
});
afterAll(() => Promise.all(started.map((sigstore) => sigstore.close())));

/** As clients wrote bundles before version 0.3: with a chain, of one certificate. */
const relabelled = (bundle: Buffer, version: string): Buffer =>
  editBundle(bundle, (json) => {
    json.mediaType = `application/vnd.dev.sigstore.bundle+json;version=${version}`;
    json.verificationMaterial.x509CertificateChain = { certificates: [json.verificationMaterial.certificate!] };
    delete json.verificationMaterial.certificate;
  });

const ruleOf = (kind: Kind, sigstore: Sigstore): Rule => ({ projects: ['*'], signers: [{ issuer: sigstore.oidc.url, identity: sigstore.identity }], ...(kind === 'tsa' ? { tlog: 'none' } : {}) });

/** undefined when it is accepted, else why not. */
async function refusal(kind: Kind, bundle: Uint8Array, material: TrustMaterial): Promise<string | undefined> {
  try {
    const { check, signature } = await checkCertificate(readBundle(bundle), ruleOf(kind, cases[kind].sigstore), 'r', () => Promise.resolve(material));
    return signature === undefined ? `${check.code}: ${check.message}` : undefined;
  } catch (error) {
    if (isProofError(error)) return error.message;
    throw error;
  }
}

/** Whether the library accepts it with certificates and trust material of its own. Of Rekor v2 its version 3 takes only the payload's digest. */
function libraryAccepts(kind: Kind, bundle: Uint8Array): boolean {
  try {
    const parsed = readBundle(bundle);
    const entity = toSignedEntity(parsed.bundle);
    if (kind === 'v2') entity.signature.compareDigest = (digest) => [parsed.payload, preAuthEncoding(parsed.payload)].some((bytes) => sha256Hex(bytes) === digest.toString('hex'));
    const root = toTrustMaterial(TrustedRoot.fromJSON(cases[kind].sigstore.trustedRoot));
    new Verifier(root, { ctlogThreshold: 1, tlogThreshold: kind === 'tsa' ? 0 : 1, timestampThreshold: 1 }).verify(entity);
    return true;
  } catch {
    return false;
  }
}

describe('a keyless bundle', () => {
  it.each(KINDS)('of the kind %s is accepted, as by the library', async (kind) => {
    const { bundle, material } = cases[kind];
    for (let time = 0; time < 2; time += 1) expect(await refusal(kind, bundle, material)).toBeUndefined();
    expect(libraryAccepts(kind, bundle)).toBe(true);
  });

  it.each(KINDS)('of the kind %s is refused with a byte of it changed, whatever is remembered', async (kind) => {
    const { bundle, material, sigstore } = cases[kind];
    const unremembered = toTrustMaterial(TrustedRoot.fromJSON(sigstore.trustedRoot));
    const accepted: string[] = [];
    let count = 0;
    for (const region of regionsOf(bundle)) {
      // Each stride begins elsewhere, so that short parts are met as well.
      for (let index = count % Math.min(STRIDE, region.length); index < region.length; index += STRIDE) {
        const mutant = region.mutant(index);
        const found = await refusal(kind, mutant, material);
        const where = `byte ${index} of ${region.length} of the ${region.name}`;
        expect(await refusal(kind, mutant, unremembered), where).toBe(found);
        if (found === undefined) {
          expect(libraryAccepts(kind, mutant), where).toBe(true);
          expect(region.name === 'timestamp' && !isSigned(bundle, index), where).toBe(true);
          accepted.push(String(index));
        }
        count += 1;
        if (count % 50 === 0) expect(await refusal(kind, bundle, material), 'the bundle as it was').toBeUndefined();
      }
    }
    expect(count).toBeGreaterThan(1000 / STRIDE);
    if (STRIDE === 1) console.log(`${kind}: ${count} mutants, accepted those of the timestamp's bytes ${accepted.join(' ') || 'none'}`);
  }, 1_800_000);
});

/**
 * Whether the byte belongs to what a timestamp authority signs, or names it. Of a TimeStampResp (RFC 3161 section 2.4.2) nobody signs the status, the
 * identifiers and lengths around the TSTInfo, the lists of algorithms and the header of the signed attributes; changed, they say nothing else.
 */
function isSigned(bundle: Buffer, index: number): boolean {
  const der = Buffer.from(parseBundle(bundle).verificationMaterial.timestampVerificationData!.rfc3161Timestamps[0]!.signedTimestamp, 'base64');
  const signedData = ASN1Obj.parseBuffer(Buffer.from(der)).subs[1]!.subs[1]!.subs[0]!;
  const info = signedData.subs[2]!.subs[1]!.subs[0]!;
  const signer = signedData.subs.at(-1)!.subs[0]!;
  const attributes = signer.subs.find(({ tag }) => tag.isContextSpecific(0))!;
  return [info, ...signer.subs[1]!.subs, attributes, signer.subs.at(-1)!].some(({ value: part }) => {
    const start = der.indexOf(part);
    return index >= start && index < start + part.length;
  });
}

describe('what is remembered of a certificate', () => {
  const leafOf = (bundle: Buffer): Buffer => Buffer.from(parseBundle(bundle).verificationMaterial.certificate!.rawBytes, 'base64');
  const withLeaf = (bundle: Buffer, leaf: Buffer): Buffer => editBundle(bundle, (json) => void (json.verificationMaterial.certificate = { rawBytes: leaf.toString('base64') }));
  const edited = (sigstore: Sigstore, edit: (root: RootJson) => void): TrustMaterial => {
    const root = structuredClone(sigstore.trustedRoot) as unknown as RootJson;
    edit(root);
    return trustMaterial(Buffer.from(JSON.stringify(root)));
  };
  interface RootJson {
    certificateAuthorities: { certChain: { certificates: { rawBytes: string }[] }; validFor: { start: string; end?: string } }[];
    timestampAuthorities: RootJson['certificateAuthorities'];
    ctlogs: { publicKey: { rawBytes: string } }[];
  }
  const accepted = async (kind: Kind, bundle: Uint8Array, material: TrustMaterial): Promise<boolean> => (await refusal(kind, bundle, material)) === undefined;

  it('does not make it valid at another time', async () => {
    const { bundle, sigstore, material } = cases.tsa;
    expect(await accepted('tsa', bundle, material)).toBe(true);
    const { signatures } = parseBundle(bundle).dsseEnvelope;
    const digest = createHash('sha256').update(Buffer.from(signatures[0]!.sig, 'base64')).digest();
    const stampedAfter = (minutes: number): Buffer =>
      editBundle(bundle, (json) => {
        json.verificationMaterial.timestampVerificationData!.rfc3161Timestamps[0]!.signedTimestamp = sigstore.tsa.stamp(digest, new Date(Date.now() + minutes * 60_000)).toString('base64');
      });
    expect(await accepted('tsa', stampedAfter(5), material)).toBe(true);
    expect(await accepted('tsa', stampedAfter(11), material)).toBe(false);
    expect(await accepted('tsa', stampedAfter(-11), material)).toBe(false);
  });

  it('does not make a certificate of the same fields and another signature', async () => {
    const { bundle, sigstore, material } = cases.tsa;
    expect(await accepted('tsa', bundle, material)).toBe(true);
    const { tbsCertificate } = SealedCertificate.read(leafOf(bundle));
    const forged = signCertificate(tbsCertificate.toDER(), newKeyPair().privateKey);
    expect(await accepted('tsa', withLeaf(bundle, forged), material)).toBe(false);
    // ECDSA signatures differ each time: the authority's own is another certificate, and is verified for itself.
    const again = signCertificate(tbsCertificate.toDER(), sigstore.fulcio.authority.keys.privateKey);
    expect(again).not.toEqual(leafOf(bundle));
    expect(await accepted('tsa', withLeaf(bundle, again), material)).toBe(true);
  });

  it('does not outlast the authority that issued it', async () => {
    const { bundle, sigstore, material } = cases.tsa;
    const namesake = newAuthority('loopback Fulcio').certificate.toString('base64');
    const others: ((root: RootJson) => void)[] = [
      (root) => void (root.certificateAuthorities[0]!.certChain.certificates[0]!.rawBytes = namesake),
      (root) => void (root.certificateAuthorities = []),
      (root) => void (root.certificateAuthorities[0]!.validFor.end = root.certificateAuthorities[0]!.validFor.start),
      (root) => void (root.ctlogs[0]!.publicKey.rawBytes = spkiOf(newKeyPair().publicKey).toString('base64')),
      (root) => void root.timestampAuthorities[0]!.certChain.certificates.splice(1, 1, { rawBytes: newAuthority('loopback TSA').certificate.toString('base64') }),
    ];
    for (const [index, edit] of others.entries()) {
      expect(await accepted('tsa', bundle, material)).toBe(true);
      expect(await accepted('tsa', bundle, edited(sigstore, edit)), String(index)).toBe(false);
    }
    // Beside the right one a namesake does no harm.
    expect(await accepted('tsa', bundle, edited(sigstore, (root) => void root.certificateAuthorities.unshift({ ...root.certificateAuthorities[0]!, certChain: { certificates: [{ rawBytes: namesake }] } })))).toBe(true);
  });

  it('does not make it one that is not written in DER', async () => {
    const { bundle, material } = cases.tsa;
    const [tbs, ...rest] = SealedCertificate.read(leafOf(bundle)).root.subs;
    const parts = tbs!.subs.map((part) => part.toDER());
    // The length of the validity in two bytes where one is enough: the library's version 3 takes that for the same, and so its signature for right.
    const validity = parts[4]!;
    parts[4] = Buffer.concat([validity.subarray(0, 1), Buffer.of(0x81), validity.subarray(1)]);
    const sloppy = withLeaf(bundle, sequence(sequence(...parts), ...rest.map((part) => part.toDER())));
    expect(await accepted('tsa', bundle, material)).toBe(true);
    expect(await refusal('tsa', sloppy, material)).toMatch(/not in DER|cannot be decoded/);
  });

  it('does not make it one whose signature is described otherwise than it is signed', async () => {
    const { bundle, material } = cases.tsa;
    const [tbs, algorithm, signature] = SealedCertificate.read(leafOf(bundle)).root.subs.map((part) => part.toDER());
    const described = Buffer.from(algorithm!);
    // The last arc of the identifier: nobody knows an algorithm of that name, and the library then takes the usual one.
    described[described.length - 1] = described.at(-1)! ^ 0x40;
    const unused = Buffer.from(signature!);
    unused[2] = 1;
    for (const parts of [[tbs!, described, signature!], [tbs!, algorithm!, unused]]) {
      const other = withLeaf(bundle, sequence(...parts));
      expect(libraryAccepts('tsa', other)).toBe(true);
      expect(await refusal('tsa', other, material)).toContain('no certificate authority of the trust root signed');
    }
  });

  it('leaves the many certificates of many signatures apart', async () => {
    const { sigstore, material } = cases.v1;
    const bundles = await Promise.all([1, 2, 3].map((n) => signKeyless(sigstore, Buffer.from(`{"many":${n}}\n`), {}, 'tsa')));
    for (const [index, bundle] of bundles.entries()) {
      for (const [other, { leaf }] of bundles.map((each) => ({ leaf: leafOf(each) })).entries()) expect(await accepted('tsa', withLeaf(bundle, leaf), material)).toBe(index === other);
    }
  });
});
