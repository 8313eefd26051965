import type { TrustMaterial } from '@sigstore/verify';
import type { SignatureBundle, TransparencyLogEntry } from '../model/bundle';
import { readCheckpoint } from '../model/checkpoint';
import { sha256Hex } from '../model/digest';
import { logBodyProblem } from '../model/log-body';

/** A bundle holds few entries and timestamps: each of them costs a verification. */
const MAX_ENTRIES = 16;
/** A number as protobuf's JSON writes it, small enough to be exact: `0x7b` or `1e3` would be read as one by some. */
const NUMBER = /^(0|[1-9]\d{0,15})$/;

/**
 * Why the log entries of a bundle are not such as are looked at: what the verifier of @sigstore/verify 3 leaves open, or takes from a field that it
 * does not verify. undefined when nothing is wrong with their form and content; their signatures are for the verifier.
 * @param verifier DER of the certificate or of the public key (SPKI) that the bundle was signed with
 */
export function logEntryProblem({ bundle, content, signature }: SignatureBundle, verifier: Buffer): string | undefined {
  const entries = bundle.verificationMaterial.tlogEntries;
  if (entries.length > MAX_ENTRIES) return `the bundle has ${entries.length} log entries; at most ${MAX_ENTRIES} are looked at`;
  const seen = new Set<string>();
  for (const entry of entries) {
    const name = sha256Hex(entry.canonicalizedBody);
    if (seen.has(name)) return 'the bundle has a log entry twice';
    seen.add(name);
    const problem = formProblem(entry) ?? logBodyProblem(entry, { content, signature, verifier });
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Every entry comes with a proof of inclusion up to a checkpoint: a promise alone is a log's word, and is what a relabelled bundle would fall back to. */
function formProblem({ inclusionProof: proof, logIndex, integratedTime }: TransparencyLogEntry): string | undefined {
  if (proof?.checkpoint === undefined) return 'a log entry has no proof of inclusion with a checkpoint';
  if (![logIndex, integratedTime, proof.logIndex, proof.treeSize].every((number) => NUMBER.test(number))) return 'a log entry has a number that is not written in plain digits';
  const checkpoint = readCheckpoint(proof.checkpoint.envelope);
  if (checkpoint === undefined) return 'the checkpoint of a log entry is not written as logs write it';
  if (checkpoint.size !== proof.treeSize || !checkpoint.root.equals(proof.rootHash)) return 'the checkpoint of a log entry is of another tree than its proof';
  return undefined;
}

/**
 * Entries without a promise of inclusion say neither which key of the log counts nor when: their log must be one of the trust root, in its time.
 * @param time when the signature was made, as verified; undefined where nothing says it, as of a key: then the log counts without its time
 */
export function logProblem({ bundle }: SignatureBundle, { tlogs }: Pick<TrustMaterial, 'tlogs'>, time: Date | undefined): string | undefined {
  const isKnown = ({ logId, inclusionProof, inclusionPromise, logIndex }: TransparencyLogEntry): boolean => {
    const signers = readCheckpoint(inclusionProof?.checkpoint?.envelope ?? '')?.signers ?? [];
    const log = tlogs.find(({ logID, validFor }) => logID.equals(logId.keyId) && (time === undefined || (validFor.start <= time && time <= validFor.end)));
    // The number of an entry in all shards of a log is signed in the promise only.
    const isNumbered = inclusionPromise !== undefined || logIndex === inclusionProof?.logIndex;
    return isNumbered && log !== undefined && signers.some(({ keyHint }) => log.logID.subarray(0, 4).equals(keyHint));
  };
  return bundle.verificationMaterial.tlogEntries.every(isKnown) ? undefined : `a log entry is of no log that the trust root names${time === undefined ? '' : ` for ${time.toISOString()}`}`;
}
