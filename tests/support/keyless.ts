import { TrustedRoot } from '@sigstore/protobuf-specs';
import { Verifier, toSignedEntity, toTrustMaterial, type VerifierOptions } from '@sigstore/verify';
import type { Env } from '../../src/env';
import { createHttp, type Http, type HttpOptions } from '../../src/http';
import { readBundle } from '../../src/model/bundle';
import { keylessSigner, requireIdentity, selectServices, type KeylessSigner, type ServiceOptions } from '../../src/sign/keyless';
import { testEnv } from './env';
import type { Sigstore } from './sigstore';

export const statement = (name = 'a'): Buffer =>
  Buffer.from(JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', subject: [{ name, digest: { sha256: 'a'.repeat(64) } }], predicateType: 'https://slsa.dev/provenance/v1', predicate: {} }));

export interface OpenOptions {
  readonly token?: string;
  readonly services?: ServiceOptions;
  readonly env?: Env;
  readonly http?: Partial<HttpOptions>;
  readonly concurrency?: number;
}

export interface OpenedSigner {
  readonly signer: KeylessSigner;
  readonly http: Http;
}

/** A signer of the loopback Sigstore; retries do not wait. */
export async function openKeyless(sigstore: Sigstore, options: OpenOptions = {}): Promise<OpenedSigner> {
  const env = options.env ?? testEnv();
  const http = createHttp({ env, ...(sigstore.ca !== undefined && { ca: sigstore.ca }), timing: { sleep: () => Promise.resolve() }, ...options.http });
  const services = selectServices(options.services ?? { fulcioUrl: sigstore.fulcio.url, rekorUrl: sigstore.rekor.url }, env.now());
  const source = requireIdentity(env, { identityToken: options.token ?? sigstore.oidc.token() });
  const signer = await keylessSigner({ env, http, source, services, ...(options.concurrency !== undefined && { concurrency: options.concurrency }) });
  return { signer, http };
}

/** By the unmodified library, for the identity of the loopback Sigstore's tokens. Throws what it throws. */
export function verifyWithLibrary(sigstore: Sigstore, bundle: Uint8Array, options: VerifierOptions & { identity?: string } = {}): void {
  const { identity = sigstore.identity, ...thresholds } = options;
  const policy = { subjectAlternativeName: `^${identity.replace(/[.+]/g, '\\$&')}$`, extensions: { issuer: sigstore.oidc.url } };
  new Verifier(toTrustMaterial(TrustedRoot.fromJSON(sigstore.trustedRoot)), thresholds).verify(toSignedEntity(readBundle(bundle).bundle), policy);
}
