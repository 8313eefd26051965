import type { strictFields, ObjectField } from './fields';

type Strict = ReturnType<typeof strictFields>;

const ENTRY = ['logIndex', 'logId', 'kindVersion', 'integratedTime', 'inclusionPromise', 'inclusionProof', 'canonicalizedBody'];
const PROOF = ['logIndex', 'rootHash', 'treeSize', 'hashes', 'checkpoint'];

/**
 * The form of a transparency log entry in a bundle: known members and canonical base64, so that no two bundles hold the same entry. Which members
 * there must be depends on the version of the bundle, and is for the library's reader to say.
 * https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_rekor.proto
 */
export function checkLogEntryFields(strict: Strict, value: unknown, field: string): void {
  const entry = strict.object(value, field, ENTRY);
  const at = (parent: ObjectField, name: string, known: readonly string[]): ObjectField | undefined => (name in parent.value ? strict.member(parent, name, known) : undefined);
  const bytes = (parent: ObjectField | undefined, name: string): void => {
    if (parent !== undefined && name in parent.value) strict.base64(parent, name);
  };
  bytes(entry, 'canonicalizedBody');
  bytes(at(entry, 'logId', ['keyId']), 'keyId');
  at(entry, 'kindVersion', ['kind', 'version']);
  bytes(at(entry, 'inclusionPromise', ['signedEntryTimestamp']), 'signedEntryTimestamp');
  const proof = at(entry, 'inclusionProof', PROOF);
  if (proof === undefined) return;
  bytes(proof, 'rootHash');
  at(proof, 'checkpoint', ['envelope']);
  const hashes = { field: `${proof.field}/hashes`, value: { ...strict.list(proof, 'hashes') } };
  for (const index of Object.keys(hashes.value)) strict.base64(hashes, index);
}
