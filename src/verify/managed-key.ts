import type { KeyObject } from 'node:crypto';
import { Verifier, type TrustMaterial } from '@sigstore/verify';
import { isProofError } from '../errors';
import type { SignedArtifact } from '../model/artifact-signature';
import type { SignatureBundle } from '../model/bundle';
import { fingerprint } from '../model/keys';
import { readTimestamp } from '../model/timestamp';
import type { Check, RefusalCode } from '../model/verdict';
import { failed, passed } from './check';
import { entityOf, refusalOf, verifiedTimes } from './entity';
import { logEntryProblem, logProblem } from './log-entries';

/** A key is trusted by itself; what comes with it of logs and timestamps must hold, and none has to be there. */
const THRESHOLDS = { ctlogThreshold: 0, tlogThreshold: 0, timestampThreshold: 0 };
const NOTHING: Omit<TrustMaterial, 'publicKey'> = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };

/**
 * The bundle carries a signature by exactly this key, and every log entry and timestamp in it is about that signature and verifies.
 * @param trust is asked for only when there are any; what it throws is thrown
 * @param artifact of a message signature: what it must be over
 * @throws ProofError as artifactVerifier does
 */
export async function checkManagedKey(bundle: SignatureBundle, key: KeyObject, trust: () => Promise<TrustMaterial>, artifact?: SignedArtifact): Promise<Check<'signature'>> {
  const id = fingerprint(key);
  const refuse = (code: RefusalCode, problem: string): Check<'signature'> => failed('signature', code, problem, { key: id });
  if (bundle.material !== 'publicKey') return refuse('SIGNER_NOT_ALLOWED', 'a certificate signed it, and a signature by a key is asked for');
  const inLog = logEntryProblem(bundle, key.export({ type: 'spki', format: 'der' }));
  if (inLog !== undefined) return refuse('TLOG_REQUIRED', inLog);
  const material = bundle.tlogEntries + bundle.timestamps === 0 ? NOTHING : await trust();
  try {
    const entity = await entityOf(bundle, { key }, artifact);
    new Verifier({ ...material, publicKey: () => ({ publicKey: key, validFor: () => true }) }, THRESHOLDS).verify(entity);
    for (const { signedTimestamp } of bundle.bundle.verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? []) readTimestamp(signedTimestamp);
    const [time] = verifiedTimes(entity).sort((a, b) => a.getTime() - b.getTime());
    const problem = logProblem(bundle, material, time);
    return problem === undefined ? passed('signature', `signed by the key ${id}`, { key: id }) : refuse('TLOG_REQUIRED', problem);
  } catch (error) {
    if (isProofError(error)) throw error;
    return refuse(refusalOf(error), `the signature by the key ${id} cannot be verified: ${error instanceof Error ? error.message : String(error)}`);
  }
}
