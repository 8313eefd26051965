import { validateProofEnvelope, type Validator } from './model/generated/validators.cjs';
import type { ProofEnvelope } from './model/types';

/** The library: the commands over a session, errors and types. Loads no Nx; the inference plugin is `nx-proof/plugin`. */
export { createProof, type CreateRequest, type CreateResult } from './commands/create';
export { openSigner } from './commands/keys';
export { keyPolicy, loadPolicy, type LoadedPolicy } from './commands/policy';
export { openSession, type Session } from './commands/session';
export { signProof, type SignRequest, type SignResult } from './commands/sign';
export { getDefaultTrustMaterial, type TrustMaterial } from './commands/trust-material';
export { verifyProof, verifyWorkspace, type Outcome, type VerifyRequest } from './commands/verify';
export { readWorkspace } from './commands/workspace';
export type { Env } from './env';
export { ERROR_CODES, ProofError, isProofError, type ErrorCode, type ErrorDetails } from './errors';
export type { Hasher } from './hash';
export type { Project, Workspace } from './model/project';
export type {
  CreateOptions,
  DigestSet,
  Policy,
  ProofEnvelope,
  ProofFile,
  ResourceDescriptor,
  Rule,
  SignOptions,
  Signer,
  Statement,
  Subject,
  VerifyOptions,
} from './model/types';
export type { Check, CheckName, CheckStatus, Verdict, VerifiedSigner } from './model/verdict';
export type { StatementSigner } from './sign';

/** The compiled validator of the proof envelope (cortex-os/proof-artifact 0.2.0), always the same function; its `errors` tell what was wrong in the last call. */
export function getProofEnvelopeValidator(): Validator<ProofEnvelope> {
  return validateProofEnvelope;
}
