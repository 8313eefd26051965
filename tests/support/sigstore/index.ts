import { startFulcio, type Fulcio } from './fulcio';
import { IDENTITY, startIssuer, type Issuer } from './oidc';
import { startRekor, startRekorV2, type Rekor, type RekorV2Options } from './rekor';
import type { Service } from './server';
import { startTimestampAuthority, type TimestampAuthority } from './tsa';
import { HOUR_MS, newServerCertificate, sha256, spkiOf } from './x509';

export interface SigstoreOptions extends Pick<RekorV2Options, 'dsseKind' | 'keyType' | 'rttMs' | 'keepAlive'> {
  readonly tls?: boolean;
}

export interface Sigstore {
  readonly oidc: Issuer;
  readonly fulcio: Fulcio;
  readonly rekor: Rekor;
  readonly rekorV2: Rekor;
  readonly tsa: TimestampAuthority;
  /** PEM that clients have to trust; undefined without TLS. */
  readonly ca: string | undefined;
  /** The subject alternative name of the certificates for `oidc.token()`. */
  readonly identity: string;
  /** trusted_root.json */
  readonly trustedRoot: Record<string, unknown>;
  /** signing_config.v0.2.json with Rekor v1 alone, or Rekor v2 and the timestamp authority. */
  signingConfig(rekor: 1 | 2): Record<string, unknown>;
  close(): Promise<void>;
}

/**
 * A Sigstore on 127.0.0.1 with real cryptography: an OIDC issuer, Fulcio with a certificate transparency log, Rekor v1 and v2, and a timestamp
 * authority. Unmodified Sigstore clients sign and verify against it.
 */
export async function startSigstore(options: SigstoreOptions = {}): Promise<Sigstore> {
  const tls = options.tls === true ? newServerCertificate() : undefined;
  const service = { tls, rttMs: options.rttMs, keepAlive: options.keepAlive };
  const oidc = await startIssuer(service);
  const [fulcio, rekor, rekorV2, tsa] = await Promise.all([
    startFulcio(oidc, service),
    startRekor(service),
    startRekorV2({ ...service, ...(options.dsseKind && { dsseKind: options.dsseKind }), ...(options.keyType && { keyType: options.keyType }) }),
    startTimestampAuthority(service),
  ]);
  const services: Service[] = [oidc, fulcio, rekor, rekorV2, tsa];
  const parts = { oidc, fulcio, rekor, rekorV2, tsa };
  return {
    ...parts,
    ca: tls?.ca,
    identity: IDENTITY,
    trustedRoot: trustedRoot(parts, options),
    signingConfig: (version) => signingConfig(parts, version),
    close: async () => void (await Promise.all(services.map((one) => one.close()))),
  };
}

type Parts = Pick<Sigstore, 'oidc' | 'fulcio' | 'rekor' | 'rekorV2' | 'tsa'>;
const START = new Date(Date.now() - HOUR_MS).toISOString().replace(/\.\d+Z/, 'Z');
const ECDSA = 'PKIX_ECDSA_P256_SHA_256';

/** https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto */
function trustedRoot({ fulcio, rekor, rekorV2, tsa }: Parts, options: SigstoreOptions): Record<string, unknown> {
  const log = (baseUrl: string, publicKey: Buffer, keyDetails: string): unknown => ({
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: { rawBytes: publicKey.toString('base64'), keyDetails, validFor: { start: START } },
    logId: { keyId: sha256(publicKey).toString('base64') },
  });
  const authority = (uri: string, certificates: readonly Buffer[]): unknown => ({
    subject: { organization: 'loopback', commonName: 'loopback' },
    uri,
    certChain: { certificates: certificates.map((der) => ({ rawBytes: der.toString('base64') })) },
    validFor: { start: START },
  });
  return {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [log(rekor.url, rekor.log.publicKey, ECDSA), log(rekorV2.url, rekorV2.log.publicKey, options.keyType === 'ecdsa-p256' ? ECDSA : 'PKIX_ED25519')],
    certificateAuthorities: [authority(fulcio.url, [fulcio.authority.certificate])],
    ctlogs: [log(fulcio.url, spkiOf(fulcio.ctlog.publicKey), ECDSA)],
    timestampAuthorities: [authority(tsa.url, tsa.certificates)],
  };
}

function signingConfig({ oidc, fulcio, rekor, rekorV2, tsa }: Parts, version: 1 | 2): Record<string, unknown> {
  const service = (url: string, majorApiVersion: number): unknown => ({ url, majorApiVersion, validFor: { start: START }, operator: 'loopback' });
  return {
    mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
    caUrls: [service(fulcio.url, 1)],
    oidcUrls: [service(oidc.url, 1)],
    rekorTlogUrls: [version === 2 ? service(rekorV2.url, 2) : service(rekor.url, 1)],
    rekorTlogConfig: { selector: 'ANY' },
    tsaUrls: [service(`${tsa.url}/api/v1/timestamp`, 1)],
    ...(version === 2 ? { tsaConfig: { selector: 'ANY' } } : {}),
  };
}
