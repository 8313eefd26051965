import type { VerificationMaterial, Witness } from '@sigstore/sign';
import type { Certificate } from '../../model/certificate';

/** What was sent to a witness. */
export interface Signed {
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  readonly certificate: Certificate;
}

/** A witness whose answer is not believed to be about what was asked. */
export interface CheckedWitness extends Witness {
  /** @throws ProofError SERVICE_INVALID */
  check(material: VerificationMaterial, signed: Signed): void;
}
