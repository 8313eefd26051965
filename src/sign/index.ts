export type { StatementSigner } from './signer';
export { keySigner } from './key-signer';
export { locateSigningKey, publicKeyFile, readKeyFile, writeKeyFiles } from './key-file';
export { generatePrivateKey, privateKeyPem, readPrivateKey } from './private-key';
