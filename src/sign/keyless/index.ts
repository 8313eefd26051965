export { DEFAULT_AUDIENCE, findIdentity, requireIdentity, type IdentityOptions, type IdentitySource } from './identity';
export { selectServices, type Log, type ServiceOptions, type SigningServices } from './services';
export { keylessSigner, type KeylessOptions, type KeylessSigner } from './signer';
export { IdentityToken, type ClaimedIdentity } from './token';
