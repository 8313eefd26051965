import { bundleToJSON, toDSSEBundle } from '@sigstore/bundle';
import { dsse } from '@sigstore/core';
import { jsonDocument } from './json';

/** DSSE payloadType of in-toto statements (https://github.com/in-toto/attestation/blob/main/spec/v1/envelope.md). */
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/** The bytes that get signed: the DSSE v1 pre-authentication encoding of an in-toto statement. */
export function preAuthEncoding(payload: Uint8Array): Buffer {
  return dsse.preAuthEncoding(PAYLOAD_TYPE, toBuffer(payload));
}

/**
 * A Sigstore bundle v0.3 with a DSSE envelope signed by a managed key: RFC 8785 bytes and one newline.
 * `keyHint` helps people and tools to find the key; it proves nothing and must never select one.
 */
export function dsseBundle(input: { payload: Uint8Array; signature: Uint8Array; keyHint: string }): Buffer {
  const bundle = toDSSEBundle({
    artifact: toBuffer(input.payload),
    artifactType: PAYLOAD_TYPE,
    signature: toBuffer(input.signature),
    keyHint: input.keyHint,
  });
  // DSSE makes keyid optional. Go's implementation skips a signature whose keyid is not its verifier's own kind of key id, so that
  // cosign finds no signature at all; the clients of Sigstore therefore leave it empty and give the hint beside the envelope.
  for (const signature of bundle.content.dsseEnvelope.signatures) signature.keyid = '';
  return Buffer.from(jsonDocument(bundleToJSON(bundle)));
}

/** The same bytes as a Buffer, without a copy. */
function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
