import { generateKeyPair, sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { Signature, Signer } from '@sigstore/sign';
import type { Env } from '../../env';
import type { Http } from '../../http';
import { certificatePem, type Certificate } from '../../model/certificate';
import { requestCertificate } from './fulcio';
import type { IdentitySource } from './identity';
import type { IdentityToken } from './token';

export interface SessionOptions {
  readonly env: Env;
  readonly http: Http;
  readonly source: IdentitySource;
  readonly fulcio: string;
}

/** A key that exists in this process's memory alone, and the certificate for it. */
interface Credentials {
  readonly privateKey: KeyObject;
  readonly certificate: Certificate;
}

interface CertifiedSignature extends Signature {
  readonly key: Extract<Signature['key'], { $case: 'x509Certificate' }>;
  readonly certificate: Certificate;
}

/** A certificate is renewed when this part of its life has passed since it was received: what is being signed then still has the rest. */
const RENEW_AFTER = 0.75;
/** For how long a failure to get a certificate answers for all who ask: else each of many statements would wait for its own. */
const REMEMBER_FAILURE_MS = 30_000;

/** One key and one certificate for many signatures, and for all who sign at the same time. */
export class CertificateSession implements Signer {
  readonly #options: SessionOptions;
  #token: IdentityToken | undefined;
  #current: { readonly credentials: Promise<Credentials>; until: number } | undefined;
  readonly #issued: Certificate[] = [];

  /** @param token the first to use, if it is at hand */
  constructor(options: SessionOptions, token?: IdentityToken) {
    this.#options = options;
    this.#token = token;
  }

  /** @throws what requestCertificate and the source of the identity throw */
  async sign(data: Buffer): Promise<CertifiedSignature> {
    const { privateKey, certificate } = await this.#credentials();
    const key = { $case: 'x509Certificate', certificate: certificatePem(certificate) } as const;
    return { signature: sign('sha256', data, privateKey), key, certificate };
  }

  /** The certificate with this DER, if it was issued in this session. */
  findIssued(der: Uint8Array): Certificate | undefined {
    return this.#issued.find((certificate) => certificate.der.equals(der));
  }

  #credentials(): Promise<Credentials> {
    const now = this.#options.env.now().getTime();
    if (this.#current !== undefined && now < this.#current.until) return this.#current.credentials;
    const credentials = this.#request();
    const current = { credentials, until: Number.POSITIVE_INFINITY };
    this.#current = current;
    // Measured on this machine's clock from here on, so that a clock that is wrong does no harm.
    credentials.then(
      ({ certificate }) => (current.until = this.#options.env.now().getTime() + RENEW_AFTER * (certificate.notAfter.getTime() - certificate.notBefore.getTime())),
      () => (current.until = this.#options.env.now().getTime() + REMEMBER_FAILURE_MS),
    );
    return credentials;
  }

  async #request(): Promise<Credentials> {
    const { http, source, fulcio, env } = this.#options;
    const held = this.#token;
    this.#token = undefined;
    const token = held !== undefined && held.expires > env.now() ? held : await source.token(http);
    const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'prime256v1' });
    const certificate = await requestCertificate(http, fulcio, token, privateKey);
    this.#issued.push(certificate);
    return { privateKey, certificate };
  }
}
