import { createHash } from 'node:crypto';
import type { Http } from '../../http';
import { readTimestamp } from '../../model/timestamp';
import { signatureOf } from './envelope';
import { checkTime } from './log-entry';
import { expectStatus, invalidAnswer, type Service } from './service';
import { join } from './url';
import type { CheckedWitness, Signed } from './witness';

/** TimeStampReq (RFC 3161 section 2.4.1) up to the digest: version 1, SHA-256. No nonce: the signature to be stamped is new each time. */
const QUERY_HEAD = Buffer.from('30360201013031300d060960864801650304020105000420', 'hex');

/** Timestamps of the signature by an RFC 3161 timestamp authority. */
export function timestampWitness(http: Http, url: string): CheckedWitness {
  const service: Service = { name: 'timestamp authority', url };
  // A signing configuration has the whole URL; of Sigstore's own authority people know the origin.
  const address = URL.canParse(url) && new URL(url).pathname === '/' ? join(url, 'api/v1/timestamp') : url;
  const headers = { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' };
  return {
    testify: async (content) => {
      const body = Buffer.concat([QUERY_HEAD, createHash('sha256').update(signatureOf(content)).digest()]);
      const response = await http.request({ method: 'POST', url: address, headers, body });
      expectStatus(response, service, [200, 201]);
      return { rfc3161Timestamps: [{ signedTimestamp: response.body }] };
    },
    check: ({ rfc3161Timestamps = [] }, signed) => {
      for (const { signedTimestamp } of rfc3161Timestamps) checkTimestamp(signedTimestamp, signed, service);
    },
  };
}

/** A timestamp of this signature, from when the certificate was valid. */
function checkTimestamp(der: Uint8Array, { signature, certificate }: Signed, service: Service): void {
  const timestamp = understood(() => readTimestamp(der), service);
  if (!timestamp.covers(signature)) invalidAnswer(service, 'gave a timestamp for something else');
  checkTime(timestamp.time, certificate, service);
}

function understood<T>(read: () => T, service: Service): T {
  try {
    return read();
  } catch {
    return invalidAnswer(service, 'gave something that is not a timestamp');
  }
}
