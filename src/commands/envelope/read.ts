import { ProofError, toProofError } from '../../errors';
import { readDocument } from '../../files';
import { requireEnvelope } from '../../model/envelope';
import { parseJson, repeatsMembers } from '../../model/json';
import type { ProofEnvelope } from '../../model/types';

/**
 * Reads a proof envelope. White space is free; an object that repeats a member is refused, because other readers would see another envelope.
 * @param file absolute native path
 * @throws ProofError PROOF_NOT_FOUND, FILE_TOO_LARGE, JSON_INVALID, ENVELOPE_INVALID
 */
export async function readEnvelopeFile(file: string): Promise<ProofEnvelope> {
  try {
    const bytes = await readDocument(file, { missing: 'PROOF_NOT_FOUND', what: 'proof envelope' });
    const json = parseJson(bytes, 'proof envelope');
    const envelope = requireEnvelope(json);
    if (repeatsMembers(bytes, json)) throw new ProofError('ENVELOPE_INVALID', 'proof envelope: an object has a member twice', { details: { field: '/' } });
    return envelope;
  } catch (error) {
    throw toProofError(error, file);
  }
}
