export type { Statement, Subject, ResourceDescriptor, DigestSet } from './generated/statement';
export type { ProofEnvelope, Actor, Artifact, Context, Evidence, FileEvidence, UrlEvidence, PolicyReceipt, Trace, Attestation } from './generated/proof-artifact';
export type { Policy, Trust, Rule, Signer, KeySigner, IdentitySigner, IdentityPatternSigner } from './generated/proof-policy';
export type { ProofFile, CreateOptions, SignOptions, VerifyOptions } from './generated/proof';
