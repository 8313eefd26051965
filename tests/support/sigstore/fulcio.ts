import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { octets, utf8 } from './der';
import type { Claims, Issuer } from './oidc';
import { HttpStatus, json, startService, type Service, type ServiceOptions } from './server';
import { KEY_USAGE, alternativeName, email, extendedKeyUsage, extension, newAuthority, newKeyPair, pemOf, sha256, signCertificate, spkiOf, toBeSigned, uri, type Authority, type KeyPair } from './x509';

export interface Fulcio extends Service {
  readonly authority: Authority;
  readonly ctlog: KeyPair;
  /** A certificate as Fulcio issues it, DER. */
  issue(publicKey: KeyObject, claims: Claims, options?: { lifetimeMs?: number; backdateMs?: number; sct?: boolean; sctExtensions?: Buffer }): Buffer;
  /** The body of a reply with such a certificate. */
  chain(certificate: Buffer): unknown;
  /** Of the certificates issued from now on; 10 minutes unless set. */
  lifetimeMs: number;
}

interface SigningCertRequest {
  credentials: { oidcIdentityToken: string };
  publicKeyRequest: { publicKey: { content: string }; proofOfPossession: string };
}

/** A CA that checks the token and the proof of possession, with a certificate transparency log. https://github.com/sigstore/fulcio/blob/main/fulcio.proto */
export async function startFulcio(issuer: Issuer, options: ServiceOptions): Promise<Fulcio> {
  const authority = newAuthority('loopback Fulcio');
  const ctlog = newKeyPair();
  const issue: Fulcio['issue'] = (publicKey, claims, { lifetimeMs = fulcio.lifetimeMs, backdateMs = 0, sct = true, sctExtensions = Buffer.alloc(0) } = {}) => {
    const notBefore = new Date(Date.now() - backdateMs);
    const { email: address, job_workflow_ref: workflow, sub } = claims;
    const name = address === undefined ? uri(workflow === undefined ? String(sub) : `${GITHUB}${String(workflow)}`) : email(String(address));
    const extensions = [KEY_USAGE.digitalSignature, extendedKeyUsage('1.3.6.1.5.5.7.3.3'), alternativeName(name), ...claimExtensions(claims)];
    const tbs = toBeSigned(authority, { publicKey, notBefore, notAfter: new Date(notBefore.getTime() + lifetimeMs), extensions });
    return signCertificate(sct ? tbs(sctExtension(tbs(), authority, ctlog, sctExtensions)) : tbs(), authority.keys.privateKey);
  };
  const chain = (certificate: Buffer): unknown => ({ signedCertificateEmbeddedSct: { chain: { certificates: [pemOf(certificate), pemOf(authority.certificate)] } } });
  const service = await startService(({ method, url, body }) => {
    if (method !== 'POST' || url.pathname !== '/api/v2/signingCert') throw new HttpStatus(404, 'not found');
    const request = JSON.parse(body.toString()) as SigningCertRequest;
    const claims = issuer.check(request.credentials.oidcIdentityToken);
    const publicKey = createPublicKey(request.publicKeyRequest.publicKey.content);
    const challenge = Buffer.from(String(claims['email'] ?? claims['sub']));
    if (!verify('sha256', challenge, publicKey, Buffer.from(request.publicKeyRequest.proofOfPossession, 'base64'))) {
      throw new HttpStatus(400, 'The signature supplied in the request could not be verified');
    }
    return json(chain(issue(publicKey, claims)), 201);
  }, options);
  const fulcio: Fulcio = Object.assign(service, { authority, ctlog, issue, chain, lifetimeMs: 600_000 });
  return fulcio;
}

/** RFC 6962 section 3.2: a signed certificate timestamp over the certificate without this extension. */
function sctExtension(precertificate: Buffer, authority: Authority, ctlog: KeyPair, extensions: Buffer): Buffer {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(Date.now()));
  const u16 = (n: number): Buffer => Buffer.of(n >> 8, n & 0xff);
  const size = Buffer.of(precertificate.length >> 16, (precertificate.length >> 8) & 0xff, precertificate.length & 0xff);
  const issuerKey = sha256(spkiOf(authority.keys.publicKey));
  const signed = Buffer.concat([Buffer.of(0, 0), time, u16(1), issuerKey, size, precertificate, u16(extensions.length), extensions]);
  const signature = sign('sha256', signed, ctlog.privateKey);
  const sct = Buffer.concat([Buffer.of(0), sha256(spkiOf(ctlog.publicKey)), time, u16(extensions.length), extensions, Buffer.of(4, 3), u16(signature.length), signature]);
  const list = Buffer.concat([u16(sct.length), sct]);
  return extension('1.3.6.1.4.1.11129.2.4.2', octets(Buffer.concat([u16(list.length), list])));
}

const GITHUB = 'https://github.com/';

/** https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md: up to .6 the bare text, from .8 on a UTF8String. */
function claimExtensions(claims: Claims): Buffer[] {
  const { repository, repository_owner: owner, job_workflow_ref: signer, workflow_ref: config, run_id: run } = claims;
  const prefixed = (value: unknown): string | undefined => (value === undefined ? undefined : `${GITHUB}${String(value)}`);
  const bare: Record<number, unknown> = { 1: claims['iss'], 2: claims['event_name'], 3: claims['sha'], 4: claims['workflow'], 5: repository, 6: claims['ref'] };
  const encoded: Record<number, unknown> = {
    8: claims['iss'],
    9: prefixed(signer),
    10: claims['job_workflow_sha'],
    11: claims['runner_environment'],
    12: prefixed(repository),
    13: claims['sha'],
    14: claims['ref'],
    15: claims['repository_id'],
    16: prefixed(owner),
    17: claims['repository_owner_id'],
    18: prefixed(config),
    19: claims['workflow_sha'],
    20: claims['event_name'],
    21: run === undefined ? undefined : prefixed(`${String(repository)}/actions/runs/${String(run)}/attempts/${String(claims['run_attempt'])}`),
    22: claims['repository_visibility'],
  };
  const write = (values: Record<number, unknown>, encode: (text: string) => Buffer): Buffer[] =>
    Object.entries(values).flatMap(([arc, value]) => (value === undefined ? [] : [extension(`1.3.6.1.4.1.57264.1.${arc}`, encode(String(value)))]));
  return [...write(bare, (text) => Buffer.from(text)), ...write(encoded, utf8)];
}
