import path from 'node:path';
import { readDocument } from '../files';
import type { LoadedPolicy } from './policy';

/** What a caller says of the trust root, over the policy. */
export interface TrustChoice {
  /** A trusted_root.json of Sigstore to use instead of what the policy names, relative to `folder` or absolute. */
  readonly trustedRoot?: string;
  /** Open no connection. */
  readonly offline?: boolean;
}

/**
 * The policy with another trust root. Its digest stays: that is of the files, and a pin holds them; the caller vouches for the trust root by naming it.
 * @throws ProofError TRUSTED_ROOT_INVALID, FILE_TOO_LARGE
 */
export async function chooseTrust(policy: LoadedPolicy, folder: string, { trustedRoot, offline }: TrustChoice): Promise<LoadedPolicy> {
  const chosen = offline === true ? { ...policy, offline } : policy;
  if (trustedRoot === undefined) return chosen;
  const { MAX_TRUSTED_ROOT_BYTES, pinnedSource } = await import('../trust');
  const trustFile = await readDocument(path.resolve(folder, trustedRoot), { missing: 'TRUSTED_ROOT_INVALID', what: 'trusted root', maxBytes: MAX_TRUSTED_ROOT_BYTES });
  const name = path.basename(trustedRoot);
  pinnedSource(name, trustFile);
  return { ...chosen, trustFile, policy: { ...policy.policy, trust: { ...policy.policy.trust, root: { file: name } } } };
}
