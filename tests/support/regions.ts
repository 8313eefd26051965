import { editBundle, parseBundle, type BundleJson } from './certificates';

/** A part of a bundle that stands for bytes. */
export interface Region {
  readonly name: string;
  readonly length: number;
  /** The bundle with one bit of one byte of the region changed; which bit depends on the byte's place. */
  mutant(index: number): Buffer;
}

type Holder = Record<string, unknown>;

/** Every part of a bundle that stands for bytes, and the checkpoints' text. */
export function regionsOf(bundle: Uint8Array): Region[] {
  return placesOf(parseBundle(bundle)).map(({ name, encoding }, place) => {
    const read = (json: BundleJson): [Holder, string, Buffer] => {
      const { holder, key } = placesOf(json)[place]!;
      return [holder, key, Buffer.from(String(holder[key]), encoding)];
    };
    return {
      name,
      length: read(parseBundle(bundle))[2].length,
      mutant: (index) =>
        editBundle(bundle, (json) => {
          const [holder, key, bytes] = read(json);
          bytes[index] = bytes[index]! ^ (1 << index % 8);
          holder[key] = bytes.toString(encoding);
        }),
    };
  });
}

interface Place {
  readonly name: string;
  readonly holder: Holder;
  readonly key: string;
  readonly encoding: 'base64' | 'latin1';
}

function placesOf({ dsseEnvelope, verificationMaterial: { certificate, x509CertificateChain: chain, tlogEntries: logged, timestampVerificationData: stamps } }: BundleJson): Place[] {
  const place = (name: string, holder: object, key: string, encoding: Place['encoding'] = 'base64'): Place => ({ name, holder: holder as Holder, key, encoding });
  const entries = ((logged as BundleJson['verificationMaterial']['tlogEntries'] | undefined) ?? []).flatMap((entry) => [
    place('log id', entry.logId, 'keyId'),
    place('log entry body', entry, 'canonicalizedBody'),
    ...(entry.inclusionPromise === undefined ? [] : [place('inclusion promise', entry.inclusionPromise, 'signedEntryTimestamp')]),
    ...(entry.inclusionProof === undefined
      ? []
      : [
          place('root of the proof', entry.inclusionProof, 'rootHash'),
          ...entry.inclusionProof.hashes.map((_, index) => place(`hash ${index} of the proof`, entry.inclusionProof!.hashes, String(index))),
          place('checkpoint', entry.inclusionProof.checkpoint, 'envelope', 'latin1'),
        ]),
  ]);
  return [
    place('payload', dsseEnvelope, 'payload'),
    place('signature', dsseEnvelope.signatures[0]!, 'sig'),
    ...[certificate ?? chain?.certificates[0]].filter((found) => found !== undefined).map((found) => place('certificate', found, 'rawBytes')),
    ...entries,
    ...(stamps?.rfc3161Timestamps ?? []).map((stamp) => place('timestamp', stamp, 'signedTimestamp')),
  ];
}
