import { createHash, randomBytes, sign, type KeyObject } from 'node:crypto';
import type { ErrorCode } from '../../src/errors';
import { logEntry, makeBundle, type BundleInput, type SignatureJson } from '../support/bundles';
import { flip } from '../support/certificates';
import type { Sigstore } from '../support/sigstore';
import { newStamper, type Stamper } from '../support/sigstore/tsa';
import { HOUR_MS, newAuthority, newKeyPair, spkiOf } from '../support/sigstore/x509';

export interface Validity {
  start?: string;
  end?: string;
}
interface AuthorityJson {
  certChain: { certificates: { rawBytes: string }[] };
  validFor: Validity;
}
interface LogJson {
  publicKey: { rawBytes: string; validFor: Validity };
}
/** trusted_root.json, as far as cases change it. */
export interface RootJson {
  tlogs: LogJson[];
  ctlogs: LogJson[];
  certificateAuthorities: AuthorityJson[];
  timestampAuthorities: AuthorityJson[];
}

/** What a case verifies. */
export interface Made {
  readonly bundle: SignatureJson | string;
  /** What is verified, where it is not ARTIFACT. */
  readonly artifact?: Buffer;
  /** Verify with this key in the place of the identity. */
  readonly key?: KeyObject;
  /** Give an identity as well as the key. */
  readonly isAmbiguous?: boolean;
  readonly identity?: string;
  readonly issuer?: string;
  readonly trustedRoot?: (root: RootJson) => void;
}

export type Make = (sigstore: Sigstore) => Made;

export const ARTIFACT = Buffer.from('An artifact to be verified.\n');
const OTHER = Buffer.from('Another artifact.\n');

const sha256 = (data: Uint8Array): Buffer => createHash('sha256').update(data).digest();
const base64 = (data: Uint8Array): string => Buffer.from(data).toString('base64');
const iso = (time: Date): string => time.toISOString().replace(/\.\d+Z/, 'Z');

/** In whole seconds, as the times of logs and certificates. */
const secondsAgo = (seconds: number): Date => new Date(Math.floor(Date.now() / 1000) * 1000 - seconds * 1000);

export function statementOf(artifact: Buffer, rest: object = {}): Buffer {
  const statement = { _type: 'https://in-toto.io/Statement/v1', subject: [{ name: 'a.txt', digest: { sha256: sha256(artifact).toString('hex') } }], predicateType: 'https://example.com/test', predicate: {}, ...rest };
  return Buffer.from(JSON.stringify(statement));
}

type Rest = Omit<BundleInput, 'artifact'>;
const message = (sigstore: Sigstore, rest: Rest = {}): SignatureJson => makeBundle(sigstore, { artifact: ARTIFACT, ...rest });
const statement = (sigstore: Sigstore, rest: Rest = {}): SignatureJson => message(sigstore, { statement: statementOf(ARTIFACT), entries: ['dsse 0.0.1'], ...rest });
const rekor2 = (sigstore: Sigstore, rest: Rest = {}): SignatureJson => message(sigstore, { entries: ['hashedrekord 0.0.2'], stamps: [secondsAgo(0)], ...rest });

/** A bundle with an edit. */
export function edited(bundle: SignatureJson, edit: (json: SignatureJson) => void): Made {
  edit(bundle);
  return { bundle };
}

export const entryOf = ({ verificationMaterial }: SignatureJson) => verificationMaterial.tlogEntries[0]!;
const proofOf = (bundle: SignatureJson) => entryOf(bundle).inclusionProof!;
const envelopeOf = ({ dsseEnvelope }: SignatureJson) => dsseEnvelope!;
const stampsOf = ({ verificationMaterial }: SignatureJson) => verificationMaterial.timestampVerificationData!.rfc3161Timestamps;
const checkpoint = (bundle: SignatureJson, edit: (lines: string[]) => string[]): Made =>
  edited(bundle, (json) => {
    const place = proofOf(json).checkpoint;
    place.envelope = edit(place.envelope.split('\n')).join('\n');
  });

/** Moves what belongs to a signature from one bundle to another. */
function moveSignature(from: SignatureJson, to: SignatureJson): Made {
  if (from.messageSignature !== undefined) to.messageSignature = from.messageSignature;
  if (from.dsseEnvelope !== undefined) to.dsseEnvelope = from.dsseEnvelope;
  const data = from.verificationMaterial.timestampVerificationData;
  if (data !== undefined) to.verificationMaterial.timestampVerificationData = data;
  return { bundle: to };
}

/** A checkpoint's signature line by a key that the trust root does not name. */
function cosignature(sigstore: Sigstore, bundle: SignatureJson, name = 'witness.example'): string {
  const { privateKey, publicKey } = newKeyPair();
  const note = proofOf(bundle).checkpoint.envelope.split('\n\n')[0] ?? '';
  const bytes = Buffer.concat([sha256(spkiOf(publicKey)).subarray(0, 4), sign('sha256', Buffer.from(`${note}\n`), privateKey)]);
  return `\u2014 ${name === 'origin' ? sigstore.rekorV2.log.origin : name} ${base64(bytes)}`;
}

/** The timestamps of a bundle by another authority, which the trust root names in `root`. */
function stampedBy(stamper: Stamper, bundle: SignatureJson, time: Date, embed = false): SignatureJson {
  const signature = Buffer.from(bundle.messageSignature?.signature ?? '', 'base64');
  bundle.verificationMaterial.timestampVerificationData = { rfc3161Timestamps: [{ signedTimestamp: base64(stamper.stamp(sha256(signature), time, { embed })) }] };
  return bundle;
}

const authority = (stamper: Stamper): AuthorityJson => ({ certChain: { certificates: stamper.certificates.map((der) => ({ rawBytes: base64(der) })) }, validFor: { start: iso(secondsAgo(90 * 3600)) } });

/** The whole trust root as of days ago. */
function sinceLongAgo(root: RootJson): void {
  const start = iso(secondsAgo(90 * 3600));
  for (const log of [...root.tlogs, ...root.ctlogs]) log.publicKey.validFor.start = start;
  for (const each of [...root.certificateAuthorities, ...root.timestampAuthorities]) each.validFor.start = start;
}

/** A timestamp from 10 hours ago, with a certificate of that time. */
function longAgo(sigstore: Sigstore, stamper: Stamper): SignatureJson {
  const time = secondsAgo(10 * 3600);
  return stampedBy(stamper, rekor2(sigstore, { time, stamps: [] }), time);
}

const key = newKeyPair();
const managed = (sigstore: Sigstore, rest: Rest = {}): Made => ({ bundle: message(sigstore, { key, ...rest }), key: key.publicKey });

/** A signed statement by a key, in a log of Rekor v2. */
const keyed = (sigstore: Sigstore, rest: object): Made => ({ bundle: message(sigstore, { key, statement: statementOf(ARTIFACT, rest), entries: ['hashedrekord 0.0.2'] }), key: key.publicKey });

/**
 * The cases of https://github.com/sigstore/sigstore-conformance (test/assets/bundle-verify) by their names: each made anew, over the loopback
 * Sigstore, to be right or wrong in the way that its description says. Those that end in _fail must be refused.
 */
export const CASES: Readonly<Record<string, Make>> = {
  'happy-path': (s) => ({ bundle: message(s, { version: '0.3' }) }),
  'happy-path-v0.1': (s) => ({ bundle: message(s, { version: '0.1' }) }),
  'happy-path-v0.2': (s) => ({ bundle: message(s, { version: '0.2' }) }),
  'happy-path-v0.3': (s) => ({ bundle: message(s, { version: '0.3' }) }),
  'happy-path-v0.3-new-mediaType': (s) => ({ bundle: message(s, { version: 'v0.3' }) }),
  'happy-path-intoto-in-dsse-v3': (s) => ({ bundle: statement(s) }),
  'intoto-with-custom-trust-root': (s) => ({ bundle: statement(s, { version: '0.2', entries: ['intoto 0.0.2'], stamps: [secondsAgo(0)] }) }),
  'intoto-canonical-log-entry': (s) => ({ bundle: statement(s, { key, entries: ['intoto 0.0.2'], isPromised: false }), key: key.publicKey }),
  'dsse-with-hashedrekord-happy-path': (s) => ({ bundle: statement(s, { entries: ['hashedrekord 0.0.1'], stamps: [secondsAgo(0)] }) }),
  'bundle-with-sct-with-extensions': (s) => ({ bundle: message(s, { issue: { sctExtensions: Buffer.from('0005000102030405', 'hex') } }) }),
  'managed-key-and-trusted-root': (s) => ({ ...managed(s, { entries: [] }), trustedRoot: empty }),
  'managed-key-happy-path': (s) => managed(s),
  'rekor2-happy-path': (s) => ({ bundle: rekor2(s) }),
  'rekor2-dsse-happy-path': (s) => ({ bundle: statement(s, { entries: ['dsse 0.0.2'], stamps: [secondsAgo(0)] }) }),
  'rekor2-checkpoint-cosigned': (s) => withCosignatures(s, (own, line) => [own, line()]),
  'rekor2-checkpoint-multiple-cosigs': (s) => withCosignatures(s, (own, line) => [own, line(), line('other.example/log')]),
  'rekor2-checkpoint-origin-not-first': (s) => withCosignatures(s, (own, line) => [line(), own]),
  'rekor2-checkpoint-two-sigs-cosigned': (s) => withCosignatures(s, (own, line) => [line('origin'), own, line()]),
  'rekor2-checkpoint-two-sigs-from-origin': (s) => withCosignatures(s, (own, line) => [line('origin'), own]),
  'rekor2-timestamp-without-embedded-cert': (s) => ({ bundle: stampedBy(s.tsa, rekor2(s), secondsAgo(0)) }),
  'rekor2-timestamp-with-embedded-cert': (s) => ({ bundle: stampedBy(s.tsa, rekor2(s), secondsAgo(0), true) }),
  'rekor2-timestamp-with-expired-cert-chain': (s) => {
    const stamper = newStamper(secondsAgo(30 * 3600));
    return {
      bundle: longAgo(s, stamper),
      trustedRoot: (root) => {
        root.timestampAuthorities = [authority(stamper)];
        sinceLongAgo(root);
      },
    };
  },
  'trust-root-tlog-validity-end-inclusive': (s) => {
    const time = secondsAgo(60);
    return { bundle: message(s, { time }), trustedRoot: (root) => void (root.tlogs[0]!.publicKey.validFor.end = iso(time)) };
  },
  'trust-root-tsa-validity-end-inclusive': (s) => {
    const time = secondsAgo(60);
    return { bundle: rekor2(s, { time, stamps: [time] }), trustedRoot: (root) => void (root.timestampAuthorities[0]!.validFor.end = iso(time)) };
  },
  'sct-duplicate-intermediate-name': (s) => {
    const decoy = newAuthority('loopback Fulcio');
    const certChain = { certificates: [{ rawBytes: base64(decoy.certificate) }] };
    return { bundle: message(s), trustedRoot: (root) => void root.certificateAuthorities.unshift({ certChain, validFor: { ...root.certificateAuthorities[0]!.validFor } }) };
  },

  'bundle-empty-certificate-chain_fail': (s) => edited(message(s, { version: '0.2' }), (b) => void (b.verificationMaterial.x509CertificateChain!.certificates = [])),
  'bundle-from-wrong-instance_fail': (s) => ({
    bundle: message(s),
    trustedRoot: (root) => {
      root.certificateAuthorities[0]!.certChain.certificates = [{ rawBytes: base64(newAuthority('loopback Fulcio').certificate) }];
      root.tlogs.forEach((log) => (log.publicKey.rawBytes = base64(spkiOf(newKeyPair().publicKey))));
    },
  }),
  'bundle-invalid-base64-signature_fail': (s) => edited(message(s), (b) => void (b.messageSignature!.signature += '!')),
  'bundle-malformed-json_fail': (s) => ({ bundle: JSON.stringify(message(s)).slice(0, -2) }),
  'bundle-negative-log-index_fail': (s) => edited(message(s), (b) => void (entryOf(b).logIndex = '-1')),
  'bundle-unknown-version_fail': (s) => edited(message(s), (b) => void (b.mediaType = 'application/vnd.dev.sigstore.bundle+json;version=99.9')),
  'bundle-with-root-cert_fail': (s) => edited(message(s, { version: '0.2' }), (b) => void b.verificationMaterial.x509CertificateChain!.certificates.push({ rawBytes: base64(s.fulcio.authority.certificate) })),
  'checkpoint-bad-keyhint_fail': (s) =>
    checkpoint(message(s), (lines) =>
      lines.map((line) => {
        const [dash, name, text] = line.split(' ');
        return dash === '\u2014' ? `${dash} ${name} ${flip(text ?? '', 0)}` : line;
      }),
    ),
  'checkpoint-wrong-roothash_fail': (s) => {
    const other = message(s);
    return edited(message(s), (b) => void (proofOf(b).checkpoint = proofOf(other).checkpoint));
  },
  'cve-2022-36056-swapped-tlog-entry_fail': (s) => {
    const [first, second] = [message(s), message(s)];
    return edited(first, (b) => void (b.verificationMaterial.tlogEntries = second.verificationMaterial.tlogEntries));
  },
  'dsse-invalid-sig_fail': (s) => edited(statement(s), (b) => void (envelopeOf(b).signatures[0]!.sig = flip(envelopeOf(b).signatures[0]!.sig))),
  'dsse-mismatch-envelope_fail': (s) => edited(statement(s), (b) => void (envelopeOf(b).payload = base64(statementOf(ARTIFACT, { predicate: { edited: true } })))),
  'dsse-mismatch-sig_fail': (s) => sameCertificate(s, { statement: statementOf(ARTIFACT), entries: ['dsse 0.0.1'] }),
  'dsse-statement-missing-type_fail': (s) => keyed(s, { _type: undefined }),
  'dsse-statement-unknown-type_fail': (s) => keyed(s, { _type: 'https://in-toto.io/Statement/v2' }),
  'dsse-with-hashedrekord-invalid-sig_fail': (s) => edited(statement(s, { entries: ['hashedrekord 0.0.1'] }), (b) => void (envelopeOf(b).signatures[0]!.sig = flip(envelopeOf(b).signatures[0]!.sig))),
  'dsse-with-hashedrekord-mismatch-envelope_fail': (s) => sameCertificate(s, { statement: statementOf(ARTIFACT), entries: ['hashedrekord 0.0.1'] }, statementOf(ARTIFACT, { predicate: { other: true } })),
  'dsse-with-hashedrekord-mismatch-sig_fail': (s) => sameCertificate(s, { statement: statementOf(ARTIFACT), entries: ['hashedrekord 0.0.1'] }),
  'inclusion-proof-corrupted-hash_fail': (s) => edited(message(s), (b) => void (proofOf(b).hashes[0] = flip(proofOf(b).hashes[0]!))),
  'incorrect-public-key_fail': (s) => {
    const keys = newKeyPair();
    const first = message(s, { keys });
    const second = message(s, { keys });
    const body = JSON.parse(Buffer.from(entryOf(first).canonicalizedBody, 'base64').toString()) as { spec: { signature: { content: string } } };
    body.spec.signature.content = second.messageSignature!.signature;
    return edited(second, (b) => void (b.verificationMaterial.tlogEntries = [logEntry(s, 'hashedrekord 0.0.1', body, { integratedTime: secondsAgo(0), isPromised: true })]));
  },
  'integrated-time-in-future_fail': (s) => ({ bundle: message(s, { integratedTime: new Date(Date.now() + HOUR_MS) }) }),
  'intoto-expired-certificate_fail': (s) => ({ bundle: statement(s), trustedRoot: (root) => void (root.certificateAuthorities[0]!.validFor.end = iso(secondsAgo(1800))) }),
  'intoto-log-entry-mismatch_fail': (s) => {
    const other = makeBundle(s, { artifact: OTHER, statement: statementOf(OTHER), entries: ['intoto 0.0.2'] });
    return edited(statement(s, { entries: ['intoto 0.0.2'] }), (b) => void (b.verificationMaterial.tlogEntries = other.verificationMaterial.tlogEntries));
  },
  'intoto-missing-inclusion-proof_fail': (s) => edited(statement(s, { entries: ['intoto 0.0.2'], version: '0.2' }), (b) => void delete entryOf(b).inclusionProof),
  'intoto-set-outside-signing-cert-validity_fail': (s) => ({ bundle: statement(s, { entries: ['intoto 0.0.2'], integratedTime: secondsAgo(3000) }) }),
  'intoto-tsa-timestamp-outside-cert-validity_fail': (s) => ({ bundle: statement(s, { entries: ['intoto 0.0.2'], stamps: [secondsAgo(3000)] }) }),
  'invalid-checkpoint-signature_fail': (s) =>
    checkpoint(message(s), (lines) =>
      lines.map((line) => {
        const [dash, name, text] = line.split(' ');
        return dash === '\u2014' ? `${dash} ${name} ${flip(text ?? '')}` : line;
      }),
    ),
  'invalid-ct-key_fail': (s) => ({ bundle: message(s), trustedRoot: (root) => void (root.ctlogs[0]!.publicKey.rawBytes = base64(spkiOf(newKeyPair().publicKey))) }),
  'invalid-inclusion-proof_fail': (s) => {
    const other = message(s);
    return edited(message(s), (b) => void (entryOf(b).inclusionProof = proofOf(other)));
  },
  'managed-key-and-client-identity_fail': (s) => ({ ...managed(s), isAmbiguous: true }),
  'managed-key-no-key_fail': (s) => ({ bundle: message(s, { key }) }),
  'managed-key-wrong-key_fail': (s) => ({ ...managed(s), key: newKeyPair().publicKey }),
  'message-digest-mismatch_fail': (s) => edited(message(s), (b) => void (b.messageSignature!.messageDigest.digest = base64(sha256(OTHER)))),
  'rekor2-checkpoint-missing-log-signature_fail': (s) => withCosignatures(s, (_own, line) => [line()]),
  'rekor2-checkpoint-missing-origin_fail': (s) => checkpoint(rekor2(s), (lines) => lines.slice(1)),
  'rekor2-checkpoint-missing-root-hash_fail': (s) => checkpoint(rekor2(s), (lines) => [...lines.slice(0, 2), ...lines.slice(3)]),
  'rekor2-checkpoint-missing-size_fail': (s) => checkpoint(rekor2(s), (lines) => [...lines.slice(0, 1), ...lines.slice(2)]),
  'rekor2-checkpoint-no-matching-signature_fail': (s) => checkpoint(rekor2(s), (lines) => lines.map((line) => line.replace(/^\u2014 \S+/, '\u2014 other.example'))),
  'rekor2-dsse-invalid-sig_fail': (s) => {
    const other = statement(s, { entries: ['dsse 0.0.2'], stamps: [secondsAgo(0)] });
    return edited(statement(s, { entries: ['dsse 0.0.2'], stamps: [secondsAgo(0)] }), (b) => void (envelopeOf(b).signatures = envelopeOf(other).signatures));
  },
  'rekor2-dsse-mismatch-envelope_fail': (s) => sameCertificate(s, { statement: statementOf(ARTIFACT), entries: ['dsse 0.0.2'], stamps: [secondsAgo(0)] }, statementOf(ARTIFACT, { predicate: { other: true } })),
  'rekor2-dsse-mismatch-sig_fail': (s) => sameCertificate(s, { statement: statementOf(ARTIFACT), entries: ['dsse 0.0.2'], stamps: [secondsAgo(0)] }),
  'rekor2-multiple-timestamps-one-outside-cert-validity_fail': (s) => ({ bundle: rekor2(s, { stamps: [secondsAgo(0), new Date(Date.now() + HOUR_MS)] }) }),
  'rekor2-no-inclusion-proof_fail': (s) => edited(rekor2(s), (b) => void delete entryOf(b).inclusionProof),
  'rekor2-no-timestamp_fail': (s) => ({ bundle: rekor2(s, { stamps: [] }) }),
  'rekor2-timestamp-outside-trust-root-tsa-validity_fail': (s) => ({ bundle: rekor2(s), trustedRoot: (root) => void (root.timestampAuthorities[0]!.validFor.end = iso(secondsAgo(60))) }),
  'rekor2-timestamp-outside-tsa-cert-validity_fail': (s) => {
    const stamper = newStamper(secondsAgo(48 * 3600));
    return {
      bundle: longAgo(s, stamper),
      trustedRoot: (root) => {
        root.timestampAuthorities = [authority(stamper)];
        sinceLongAgo(root);
      },
    };
  },
  'rekor2-timestamp-payload-mismatch_fail': (s) => {
    const other = rekor2(s);
    return edited(rekor2(s), (b) => void (b.verificationMaterial.timestampVerificationData = { rfc3161Timestamps: stampsOf(other) }));
  },
  'rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail': (s) => ({ bundle: stampedBy(newStamper(), rekor2(s), secondsAgo(0), true) }),
  'rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail': (s) => ({ bundle: stampedBy(newStamper(), rekor2(s), secondsAgo(0)) }),
  'rekor2-timestamp-with-incorrect-time_fail': (s) => ({ bundle: rekor2(s, { stamps: [new Date(Date.now() + HOUR_MS)] }) }),
  'rekor2-timestamp-wrong-tsa-validity-borrow_fail': (s) => ({
    bundle: rekor2(s),
    trustedRoot: (root) => {
      root.timestampAuthorities[0]!.validFor.end = iso(secondsAgo(60));
      root.timestampAuthorities.push(authority(newStamper()));
    },
  }),
  'set-invalid-signature_fail': (s) => edited(message(s), (b) => void (entryOf(b).inclusionPromise!.signedEntryTimestamp = flip(entryOf(b).inclusionPromise!.signedEntryTimestamp))),
  'signature-mismatch_fail': (s) => edited(message(s), (b) => void (b.messageSignature!.signature = flip(b.messageSignature!.signature))),
  'trust-root-tlog-missing-validity-start_fail': (s) => ({ bundle: message(s), trustedRoot: (root) => void delete root.tlogs[0]!.publicKey.validFor.start }),
  'wrong-hashedrekord-artifact_fail': (s) => {
    const other = makeBundle(s, { artifact: OTHER });
    return edited(message(s), (b) => void (b.verificationMaterial.tlogEntries = other.verificationMaterial.tlogEntries));
  },
  'wrong-hashedrekord-cert-and-sig_fail': (s) => {
    const other = message(s);
    return edited(message(s), (b) => void (b.verificationMaterial.tlogEntries = other.verificationMaterial.tlogEntries));
  },
  'wrong-hashedrekord-entry_fail': (s) => {
    const other = makeBundle(s, { artifact: randomBytes(64) });
    return edited(message(s), (b) => void (b.verificationMaterial.tlogEntries = other.verificationMaterial.tlogEntries));
  },
  'wrong-material_fail': (s) => ({ bundle: message(s), artifact: OTHER }),
};

function empty(root: RootJson): void {
  for (const name of ['tlogs', 'ctlogs', 'certificateAuthorities', 'timestampAuthorities'] as const) root[name] = [];
}

function withCosignatures(sigstore: Sigstore, lines: (own: string, line: (name?: string) => string) => string[]): Made {
  const bundle = rekor2(sigstore);
  const [note = '', own = ''] = proofOf(bundle).checkpoint.envelope.split('\n\n');
  const signed = lines(own.trimEnd(), (name) => cosignature(sigstore, bundle, name));
  return edited(bundle, (b) => void (proofOf(b).checkpoint.envelope = `${note}\n\n${signed.join('\n')}\n`));
}

/** Two signatures with one key and certificate: the content, signature and timestamps of the second, with the log entry of the first. */
function sameCertificate(sigstore: Sigstore, input: Rest, secondStatement = input.statement): Made {
  const keys = newKeyPair();
  const first = message(sigstore, { ...input, keys });
  return moveSignature(message(sigstore, { ...input, keys, certificateOf: first, ...(secondStatement && { statement: secondStatement }) }), first);
}

/** With which code each case is refused: for its own reason, and not for another. */
export const CODES: Readonly<Record<string, ErrorCode>> = {
  'bundle-empty-certificate-chain_fail': 'BUNDLE_INVALID',
  'bundle-from-wrong-instance_fail': 'SIGNATURE_INVALID',
  'bundle-invalid-base64-signature_fail': 'BUNDLE_AMBIGUOUS',
  'bundle-malformed-json_fail': 'JSON_INVALID',
  'bundle-negative-log-index_fail': 'TLOG_REQUIRED',
  'bundle-unknown-version_fail': 'BUNDLE_INVALID',
  'bundle-with-root-cert_fail': 'SIGNATURE_INVALID',
  'checkpoint-bad-keyhint_fail': 'TLOG_REQUIRED',
  'checkpoint-wrong-roothash_fail': 'TLOG_REQUIRED',
  'cve-2022-36056-swapped-tlog-entry_fail': 'TLOG_REQUIRED',
  'dsse-invalid-sig_fail': 'TLOG_REQUIRED',
  'dsse-mismatch-envelope_fail': 'TLOG_REQUIRED',
  'dsse-mismatch-sig_fail': 'TLOG_REQUIRED',
  'dsse-statement-missing-type_fail': 'STATEMENT_INVALID',
  'dsse-statement-unknown-type_fail': 'STATEMENT_INVALID',
  'dsse-with-hashedrekord-invalid-sig_fail': 'TLOG_REQUIRED',
  'dsse-with-hashedrekord-mismatch-envelope_fail': 'TLOG_REQUIRED',
  'dsse-with-hashedrekord-mismatch-sig_fail': 'TLOG_REQUIRED',
  'inclusion-proof-corrupted-hash_fail': 'TLOG_REQUIRED',
  'incorrect-public-key_fail': 'TLOG_REQUIRED',
  'integrated-time-in-future_fail': 'SIGNATURE_INVALID',
  'intoto-expired-certificate_fail': 'SIGNATURE_INVALID',
  'intoto-log-entry-mismatch_fail': 'TLOG_REQUIRED',
  'intoto-missing-inclusion-proof_fail': 'BUNDLE_INVALID',
  'intoto-set-outside-signing-cert-validity_fail': 'SIGNATURE_INVALID',
  'intoto-tsa-timestamp-outside-cert-validity_fail': 'SIGNATURE_INVALID',
  'invalid-checkpoint-signature_fail': 'TLOG_REQUIRED',
  'invalid-ct-key_fail': 'SIGNATURE_INVALID',
  'invalid-inclusion-proof_fail': 'TLOG_REQUIRED',
  'managed-key-and-client-identity_fail': 'OPTION_INVALID',
  'managed-key-no-key_fail': 'SIGNER_NOT_ALLOWED',
  'managed-key-wrong-key_fail': 'TLOG_REQUIRED',
  'message-digest-mismatch_fail': 'SUBJECT_MISMATCH',
  'rekor2-checkpoint-missing-log-signature_fail': 'TLOG_REQUIRED',
  'rekor2-checkpoint-missing-origin_fail': 'TLOG_REQUIRED',
  'rekor2-checkpoint-missing-root-hash_fail': 'TLOG_REQUIRED',
  'rekor2-checkpoint-missing-size_fail': 'TLOG_REQUIRED',
  'rekor2-checkpoint-no-matching-signature_fail': 'TLOG_REQUIRED',
  'rekor2-dsse-invalid-sig_fail': 'TLOG_REQUIRED',
  'rekor2-dsse-mismatch-envelope_fail': 'TLOG_REQUIRED',
  'rekor2-dsse-mismatch-sig_fail': 'TLOG_REQUIRED',
  'rekor2-multiple-timestamps-one-outside-cert-validity_fail': 'SIGNATURE_INVALID',
  'rekor2-no-inclusion-proof_fail': 'BUNDLE_INVALID',
  'rekor2-no-timestamp_fail': 'TIMESTAMP_REQUIRED',
  'rekor2-timestamp-outside-trust-root-tsa-validity_fail': 'TIMESTAMP_REQUIRED',
  'rekor2-timestamp-outside-tsa-cert-validity_fail': 'TIMESTAMP_REQUIRED',
  'rekor2-timestamp-payload-mismatch_fail': 'TIMESTAMP_REQUIRED',
  'rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail': 'TIMESTAMP_REQUIRED',
  'rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail': 'TIMESTAMP_REQUIRED',
  'rekor2-timestamp-with-incorrect-time_fail': 'SIGNATURE_INVALID',
  'rekor2-timestamp-wrong-tsa-validity-borrow_fail': 'TIMESTAMP_REQUIRED',
  'set-invalid-signature_fail': 'TLOG_REQUIRED',
  'signature-mismatch_fail': 'TLOG_REQUIRED',
  'trust-root-tlog-missing-validity-start_fail': 'TRUSTED_ROOT_INVALID',
  'wrong-hashedrekord-artifact_fail': 'TLOG_REQUIRED',
  'wrong-hashedrekord-cert-and-sig_fail': 'TLOG_REQUIRED',
  'wrong-hashedrekord-entry_fail': 'TLOG_REQUIRED',
  'wrong-material_fail': 'SUBJECT_MISMATCH',
};
