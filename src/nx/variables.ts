/** Inputs of the cached targets (see targets.ts). They decide nothing else: create, sign and verify find out for themselves. */
export const BUILDER_VARIABLE = 'NX_PROOF_BUILDER';
export const SIGNER_VARIABLE = 'NX_PROOF_SIGNER';
