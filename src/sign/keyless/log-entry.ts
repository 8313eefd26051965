import { sha256Hex } from '../../model/digest';
import { preAuthEncoding, type TransparencyLogEntry } from '../../model/bundle';
import { pemToDer, type Certificate } from '../../model/certificate';
import { Cursor, parse } from './cursor';
import { invalidAnswer, type Service } from './service';
import type { Signed } from './witness';

/**
 * Holds a log's answer against what was sent to it: the stored body must be about this payload, signature and certificate, and the log must
 * promise or prove that it holds it. Whether the log may be trusted is for the verifier to say.
 * @throws ProofError SERVICE_INVALID
 */
export function checkLogEntry(entry: TransparencyLogEntry, signed: Signed, service: Service): void {
  const { kind, version } = entry.kindVersion;
  const refuse = (problem: string): never => invalidAnswer(service, `logged something else: ${problem}`);
  const body = new Cursor(parse(entry.canonicalizedBody, refuse), refuse);
  if (body.at('kind').text() !== kind || body.at('apiVersion').text() !== version) refuse(`its body is not of the kind ${kind} ${version}`);
  const check = BODIES[`${kind} ${version}`] ?? refuse(`an entry of the kind ${kind} ${version}`);
  const wrong = check(body.at('spec'), signed);
  if (wrong !== undefined) refuse(`another ${wrong}`);
  if (entry.inclusionProof?.checkpoint === undefined) invalidAnswer(service, 'gave an entry without a proof of inclusion');
  if (version === '0.0.1') checkPromise(entry, signed.certificate, service);
}

/** Of the entries of Rekor v1, whose signed time says that the certificate was valid. */
function checkPromise(entry: TransparencyLogEntry, certificate: Certificate, service: Service): void {
  if (entry.inclusionPromise === undefined) invalidAnswer(service, 'gave an entry without a promise of inclusion');
  checkTime(new Date(Number(entry.integratedTime) * 1000), certificate, service);
}

/** Times of logs and timestamp authorities have whole seconds. */
export function checkTime(time: Date, certificate: Certificate, service: Service): void {
  if (time >= certificate.notBefore && time <= certificate.notAfter) return;
  const life = `${certificate.notBefore.toISOString()} to ${certificate.notAfter.toISOString()}`;
  invalidAnswer(service, `gave the time ${time.toISOString()}, when the certificate (${life}) was not valid`);
}

/** What of the body is not that which was sent: by kind and version. */
const BODIES: Readonly<Record<string, (spec: Cursor, signed: Signed) => string | undefined>> = {
  // https://github.com/sigstore/rekor/blob/main/pkg/types/dsse/v0.0.1/dsse_v0_0_1_schema.json
  'dsse 0.0.1': (spec, { payload, signature, certificate }) => {
    const hash = spec.at('payloadHash');
    if (hash.at('algorithm').text() !== 'sha256' || hash.at('value').text() !== sha256Hex(payload)) return 'payload';
    const [found, ...more] = spec.at('signatures').list();
    if (found === undefined || more.length > 0 || !found.at('signature').bytes('base64').equals(signature)) return 'signature';
    return pemToDer(found.at('verifier').bytes('base64').toString('latin1'))?.equals(certificate.der) === true ? undefined : 'certificate';
  },
  // https://github.com/sigstore/rekor-tiles/blob/main/api/proto/rekor/v2/entry.proto
  'dsse 0.0.2': (spec, signed) => {
    const entry = spec.at('dsseV002');
    const hash = entry.at('payloadHash');
    if (!isDigest(hash, sha256Hex(signed.payload))) return 'payload';
    const [found, ...more] = entry.at('signatures').list();
    return found === undefined || more.length > 0 ? 'signature' : differsV2(found, signed);
  },
  'hashedrekord 0.0.2': (spec, signed) => {
    const entry = spec.at('hashedRekordV002');
    return isDigest(entry.at('data'), sha256Hex(preAuthEncoding(signed.payload))) ? differsV2(entry.at('signature'), signed) : 'payload';
  },
};

const isDigest = (hash: Cursor, hex: string): boolean => hash.at('algorithm').text() === 'SHA2_256' && hash.at('digest').bytes('base64').toString('hex') === hex;

function differsV2(found: Cursor, { signature, certificate }: Signed): string | undefined {
  if (!found.at('content').bytes('base64').equals(signature)) return 'signature';
  return found.at('verifier').at('x509Certificate').at('rawBytes').bytes('base64').equals(certificate.der) ? undefined : 'certificate';
}
