import { toProofError } from '../errors';
import { detectBuilder } from '../model/builder';
import { fingerprint } from '../model/keys';
import { findIdentity } from '../sign/keyless/identity';
import { processEnv } from './env';
import { defaultPublicKey } from './user-key';
import { BUILDER_VARIABLE, SIGNER_VARIABLE } from './variables';

/** Sets both variables, whatever they were: a .env file of the workspace may have set them. Neither is a secret. */
export function announceIdentity(env: Record<string, string | undefined> = process.env): void {
  env[BUILDER_VARIABLE] = detectBuilder(env).id;
  env[SIGNER_VARIABLE] = signerName(env);
}

/** In the order in which proof-sign looks. Never throws: a key or token that cannot be read stops proof-sign, and no other task. */
function signerName(env: Readonly<Record<string, string | undefined>>): string {
  try {
    const identity = (env['NX_PROOF_SIGNING_KEY'] ?? '') === '' ? findIdentity({ ...processEnv(), env }) : undefined;
    if (identity !== undefined) return `keyless:${identity.speaksFor()}`;
    const key = defaultPublicKey(env);
    return key === undefined ? 'none' : `key:${fingerprint(key)}`;
  } catch (error) {
    return `unreadable:${toProofError(error).code}`;
  }
}
