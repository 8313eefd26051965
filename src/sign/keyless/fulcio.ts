import { createPublicKey, sign, type KeyObject } from 'node:crypto';
import type { Http } from '../../http';
import { readCertificate, type Certificate } from '../../model/certificate';
import { Cursor } from './cursor';
import { expectStatus, invalidAnswer, type Service } from './service';
import type { IdentityToken } from './token';
import { join } from './url';

/**
 * A certificate for the key that the token vouches for, held against both: a certificate for anyone else would make bundles that nobody can
 * verify, or that vouch for somebody else.
 * https://github.com/sigstore/fulcio/blob/main/fulcio.proto
 * @throws ProofError NETWORK_ERROR, SERVICE_UNAVAILABLE, SERVICE_REFUSED, SERVICE_INVALID
 */
export async function requestCertificate(http: Http, url: string, token: IdentityToken, privateKey: KeyObject): Promise<Certificate> {
  const service: Service = { name: 'Fulcio', url, secrets: [token.reveal()] };
  const publicKey = createPublicKey(privateKey);
  const body = JSON.stringify({
    credentials: { oidcIdentityToken: token.reveal() },
    publicKeyRequest: {
      publicKey: { algorithm: 'ECDSA', content: publicKey.export({ type: 'spki', format: 'pem' }) },
      proofOfPossession: sign('sha256', Buffer.from(token.subject), privateKey).toString('base64'),
    },
  });
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const response = await http.request({ method: 'POST', url: join(url, 'api/v2/signingCert'), headers, body });
  expectStatus(response, service, [200, 201]);
  const certificate = readLeaf(response.body, service);
  checkCertificate(certificate, publicKey, token, service);
  return certificate;
}

function readLeaf(body: Buffer, service: Service): Certificate {
  const reply = Cursor.ofReply(body, service);
  const embedded = reply.at('signedCertificateEmbeddedSct');
  const chain = (embedded.isPresent ? embedded : reply.at('signedCertificateDetachedSct')).at('chain').at('certificates').list();
  const [leaf] = chain;
  if (leaf === undefined) return invalidAnswer(service, 'gave no certificate');
  const pem = leaf.text();
  try {
    return readCertificate(pem);
  } catch {
    return invalidAnswer(service, 'gave a certificate that cannot be read');
  }
}

function checkCertificate(certificate: Certificate, publicKey: KeyObject, token: IdentityToken, service: Service): void {
  const { issuer, identity } = token.claimed;
  if (!certificate.publicKey.equals(publicKey)) invalidAnswer(service, 'gave a certificate for another key');
  if (certificate.issuer !== issuer) invalidAnswer(service, `gave a certificate for the issuer ${String(certificate.issuer)}; the token is of ${issuer}`);
  if (certificate.identity === undefined) invalidAnswer(service, 'gave a certificate without an identity');
  if (identity !== undefined && certificate.identity !== identity) invalidAnswer(service, `gave a certificate for ${certificate.identity}; the token is of ${identity}`);
}
