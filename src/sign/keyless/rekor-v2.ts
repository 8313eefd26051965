import type { SignatureBundle } from '@sigstore/sign';
import type { Http } from '../../http';
import type { TransparencyLogEntry } from '../../model/bundle';
import { pemToDer } from '../../model/certificate';
import { Cursor } from './cursor';
import { envelopeOf } from './envelope';
import { checkLogEntry } from './log-entry';
import { expectStatus, type Service } from './service';
import { join } from './url';
import type { CheckedWitness } from './witness';

/** DSSE envelopes in Rekor v2. https://github.com/sigstore/rekor-tiles/blob/main/api/proto/rekor_service.proto */
export function rekorV2Witness(http: Http, url: string): CheckedWitness {
  const service: Service = { name: 'Rekor v2', url };
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  return {
    testify: async (content, certificate) => {
      const response = await http.request({ method: 'POST', url: join(url, 'api/v2/log/entries'), headers, body: JSON.stringify(createRequest(content, certificate)) });
      expectStatus(response, service, [200, 201]);
      return { tlogEntries: [readEntry(response.body, service)] };
    },
    check: ({ tlogEntries = [] }, signed) => {
      for (const entry of tlogEntries) checkLogEntry(entry, signed, service);
    },
  };
}

function createRequest(content: SignatureBundle, certificate: string): unknown {
  const { payload, payloadType, signatures } = envelopeOf(content);
  const envelope = { payload: payload.toString('base64'), payloadType, signatures: signatures.map(({ sig }) => ({ sig: sig.toString('base64') })) };
  const rawBytes = pemToDer(certificate)?.toString('base64');
  return { dsseRequestV002: { envelope, verifiers: [{ x509Certificate: { rawBytes }, keyDetails: 'PKIX_ECDSA_P256_SHA_256' }] } };
}

/** A TransparencyLogEntry in protobuf's JSON, without a promise and without a time: numbers that are zero may be missing. */
function readEntry(body: Buffer, service: Service): TransparencyLogEntry {
  const entry = Cursor.ofReply(body, service);
  const kindVersion = entry.at('kindVersion');
  const proof = entry.at('inclusionProof');
  const whole = (cursor: Cursor): string => (cursor.isPresent ? cursor.whole() : '0');
  return {
    logIndex: whole(entry.at('logIndex')),
    logId: { keyId: entry.at('logId').at('keyId').bytes('base64') },
    kindVersion: { kind: kindVersion.at('kind').text(), version: kindVersion.at('version').text() },
    integratedTime: '0',
    inclusionPromise: undefined,
    inclusionProof: {
      logIndex: whole(proof.at('logIndex')),
      treeSize: proof.at('treeSize').whole(),
      rootHash: proof.at('rootHash').bytes('base64'),
      hashes: proof.at('hashes').list().map((hash) => hash.bytes('base64')),
      checkpoint: { envelope: proof.at('checkpoint').at('envelope').text() },
    },
    canonicalizedBody: entry.at('canonicalizedBody').bytes('base64'),
  };
}
