import { verify } from 'node:crypto';
import { promisify } from 'node:util';
import pLimit from 'p-limit';
import { ProofError } from '../../errors';
import { PAYLOAD_TYPE, dsseBundle, preAuthEncoding, readBundle } from '../../model/bundle';
import type { StatementSigner } from '../signer';
import { rekorWitness } from './rekor';
import { rekorV2Witness } from './rekor-v2';
import { describe } from './service';
import { isPublicLog, type SigningServices } from './services';
import { CertificateSession, type SessionOptions } from './session';
import type { ClaimedIdentity } from './token';
import { timestampWitness } from './tsa';
import type { CheckedWitness } from './witness';

const verifyAsync = promisify(verify);
export const DEFAULT_CONCURRENCY = 8;

export interface KeylessOptions extends Omit<SessionOptions, 'fulcio'> {
  readonly services: SigningServices;
  /** Statements that are being signed at the same time; 8 unless set. */
  readonly concurrency?: number;
}

/** Signs statements in the name of an OIDC identity, whose issuer is `issuer`: one for all statements of a run. */
export interface KeylessSigner extends StatementSigner {
  readonly claimed: ClaimedIdentity;
  /** Where the token came from, for example `GitHub Actions`. */
  readonly source: string;
  /** To be shown once, before anything is signed. */
  readonly warnings: readonly string[];
}

/**
 * Opens a signing session: the token is fetched now, so that it is known who signs; the certificate with the first signature. Statements that
 * are signed at once share key and certificate, and each bundle has been held against all that was sent for it.
 * Both `keylessSigner` and `sign`:
 * @throws ProofError SERVICE_INVALID, SERVICE_REFUSED, SERVICE_UNAVAILABLE, NETWORK_ERROR, TOKEN_EXPIRED, TOKEN_INVALID, IDENTITY_NOT_FOUND, ABORTED
 */
export async function keylessSigner(options: KeylessOptions): Promise<KeylessSigner> {
  const { http, services, source } = options;
  const token = await source.token(http);
  const session = new CertificateSession({ ...options, fulcio: services.fulcio }, token);
  const witnesses = [
    ...services.tlogs.map(({ url, version }) => (version === 2 ? rekorV2Witness(http, url) : rekorWitness(http, url))),
    ...services.tsas.map((url) => timestampWitness(http, url)),
  ];
  const limit = pLimit(options.concurrency ?? DEFAULT_CONCURRENCY);
  return {
    issuer: token.claimed.issuer,
    claimed: token.claimed,
    source: source.name,
    warnings: publicityWarnings(services, token.claimed),
    sign: (payload) => limit(() => signStatement(session, witnesses, payload)),
    verify: (bundle) => verifyOwn(session, bundle),
  };
}

function publicityWarnings({ tlogs }: SigningServices, { identity }: ClaimedIdentity): string[] {
  return tlogs.filter(isPublicLog).map(({ url }) => {
    const who = identity === undefined ? 'the identity of the signer' : identity;
    return `${describe({ name: 'the log', url })} is public for ever: anyone can see ${who} and the names in its certificate, such as the repository's`;
  });
}

async function signStatement(session: CertificateSession, witnesses: readonly CheckedWitness[], payload: Uint8Array): Promise<Buffer> {
  const { signature, key, certificate } = await session.sign(preAuthEncoding(payload));
  const dsseEnvelope = { payload: Buffer.from(payload), payloadType: PAYLOAD_TYPE, signatures: [{ sig: signature, keyid: '' }] };
  const materials = await allOf(
    witnesses.map(async (witness) => {
      const material = await witness.testify({ $case: 'dsseEnvelope', dsseEnvelope }, key.certificate);
      witness.check(material, { payload, signature, certificate });
      return material;
    }),
  );
  const tlogEntries = materials.flatMap((material) => material.tlogEntries ?? []);
  const timestamps = materials.flatMap((material) => material.rfc3161Timestamps ?? []).map(({ signedTimestamp }) => signedTimestamp);
  const bundle = dsseBundle({ payload, signature, certificate: certificate.der, tlogEntries, timestamps });
  await verifyOwn(session, bundle);
  return bundle;
}

/** As Promise.all, but leaves nothing running behind when one fails. */
async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

async function verifyOwn(session: CertificateSession, bytes: Uint8Array): Promise<Buffer> {
  const { payload, signature, bundle } = readBundle(bytes);
  const { content } = bundle.verificationMaterial;
  const certificate = content.$case === 'certificate' ? session.findIssued(content.certificate.rawBytes) : undefined;
  if (certificate !== undefined && (await verifyAsync('sha256', preAuthEncoding(payload), certificate.publicKey, signature))) return payload;
  throw new ProofError('SIGNATURE_INVALID', 'the bundle carries no signature by a certificate of this run');
}
