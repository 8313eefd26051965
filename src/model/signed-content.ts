import { sha256Hex } from './digest';

/** DSSE payloadType of in-toto statements (https://github.com/in-toto/attestation/blob/main/spec/v1/envelope.md). */
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/** What a signature is over: a statement in a DSSE envelope, or a message, which is known by its sha256 (lowercase hex) alone. */
export type SignedContent = { readonly kind: 'statement'; readonly payload: Buffer } | { readonly kind: 'message'; readonly sha256: string };

/**
 * The bytes that get signed: the DSSE v1 pre-authentication encoding of an in-toto statement
 * (https://github.com/secure-systems-lab/dsse/blob/master/protocol.md#signature-definition).
 */
export function preAuthEncoding(payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `), payload]);
}

/** sha256, in hex, of the bytes that are signed. */
export function signedDigest(content: SignedContent): string {
  return content.kind === 'message' ? content.sha256 : sha256Hex(preAuthEncoding(content.payload));
}
