import type { SignatureBundle } from '@sigstore/sign';
import type { Http, HttpResponse } from '../../http';
import type { TransparencyLogEntry } from '../../model/bundle';
import { Cursor } from './cursor';
import { envelopeOf } from './envelope';
import { checkLogEntry } from './log-entry';
import { expectStatus, invalidAnswer, type Service } from './service';
import { join } from './url';
import type { CheckedWitness } from './witness';

const HEADERS = { 'content-type': 'application/json', accept: 'application/json' };
/** sha256, with the id of the log's shard before it. */
const UUID = /\/([0-9a-f]{64}|[0-9a-f]{80})$/;

/**
 * Entries of the kind dsse in Rekor v1. https://github.com/sigstore/rekor/blob/main/openapi.yaml
 * A request whose answer was lost is sent again, and then answered with 409: the entry is there, and is fetched.
 */
export function rekorWitness(http: Http, url: string): CheckedWitness {
  const service: Service = { name: 'Rekor', url };
  const entries = join(url, 'api/v1/log/entries');
  return {
    testify: async (content, certificate) => {
      let response = await http.request({ method: 'POST', url: entries, headers: HEADERS, body: JSON.stringify(proposedEntry(content, certificate)) });
      if (response.status === 409) response = await http.request({ method: 'GET', url: join(entries, existing(response, service)), headers: { accept: HEADERS.accept } });
      expectStatus(response, service, [200, 201]);
      return { tlogEntries: [readEntry(response.body, service)] };
    },
    check: ({ tlogEntries = [] }, signed) => {
      for (const entry of tlogEntries) checkLogEntry(entry, signed, service);
    },
  };
}

function proposedEntry(content: SignatureBundle, certificate: string): unknown {
  const { payload, payloadType, signatures } = envelopeOf(content);
  const envelope = JSON.stringify({ payload: payload.toString('base64'), payloadType, signatures: signatures.map(({ sig, keyid }) => ({ sig: sig.toString('base64'), keyid })) });
  return { apiVersion: '0.0.1', kind: 'dsse', spec: { proposedContent: { envelope, verifiers: [Buffer.from(certificate).toString('base64')] } } };
}

/** Only a name: a Location elsewhere is not followed. */
function existing(response: HttpResponse, service: Service): string {
  return UUID.exec(response.headers['location'] ?? '')?.[1] ?? invalidAnswer(service, 'answered 409 without saying where the entry is');
}

function readEntry(body: Buffer, service: Service): TransparencyLogEntry {
  const entry = Cursor.ofReply(body, service).only();
  const stored = entry.at('body').bytes('base64');
  const kind = Cursor.ofReply(stored, service);
  const proof = entry.at('verification').at('inclusionProof');
  return {
    logIndex: entry.at('logIndex').whole(),
    logId: { keyId: entry.at('logID').bytes('hex') },
    kindVersion: { kind: kind.at('kind').text(), version: kind.at('apiVersion').text() },
    integratedTime: entry.at('integratedTime').whole(),
    inclusionPromise: { signedEntryTimestamp: entry.at('verification').at('signedEntryTimestamp').bytes('base64') },
    inclusionProof: {
      logIndex: proof.at('logIndex').whole(),
      treeSize: proof.at('treeSize').whole(),
      rootHash: proof.at('rootHash').bytes('hex'),
      hashes: proof.at('hashes').list().map((hash) => hash.bytes('hex')),
      checkpoint: { envelope: proof.at('checkpoint').text() },
    },
    canonicalizedBody: stored,
  };
}
