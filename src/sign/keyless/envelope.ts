import type { SignatureBundle } from '@sigstore/sign';

/** The DSSE envelope of what is witnessed. */
export type DsseContent = Extract<SignatureBundle, { $case: 'dsseEnvelope' }>['dsseEnvelope'];

/** Throws a TypeError for anything else: nx-proof signs statements only. */
export function envelopeOf(content: SignatureBundle): DsseContent {
  if (content.$case !== 'dsseEnvelope') throw new TypeError(`a dsseEnvelope is needed, not a ${content.$case}`);
  return content.dsseEnvelope;
}

/** The bytes of its one signature. */
export function signatureOf(content: SignatureBundle): Buffer {
  const [signature] = envelopeOf(content).signatures;
  if (signature === undefined) throw new TypeError('the envelope has no signature');
  return signature.sig;
}
