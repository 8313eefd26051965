import { PREDICATE_TYPE } from '../model/statement';
import type { ProofEnvelope } from '../model/types';
import type { Check } from '../model/verdict';
import { failed } from './check';

/**
 * What the attestation of a proof envelope says beside its bundle, which no signature covers: undefined when that is true.
 * @param issuer who signed, as an attestation names it
 */
export function refuseAttestation({ attestations = [] }: ProofEnvelope, issuer: string): Check<'envelope'> | undefined {
  const [attestation] = attestations;
  if (attestation?.predicateType !== PREDICATE_TYPE) return wrong('predicateType', PREDICATE_TYPE);
  if (attestation.signing.issuer !== issuer) return wrong('signing/issuer', `${issuer}, whose signature it is`);
  return undefined;
}

function wrong(field: string, expected: string): Check<'envelope'> {
  return failed('envelope', 'ENVELOPE_MISMATCH', `/attestations/0/${field} is not ${expected}`, { field: `/attestations/0/${field}` });
}
