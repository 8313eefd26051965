export { readAudit, verifyAudit, type AuditLine, type AuditVerdict } from './audit';
export { importTrustRoot, loadTrustRoot, refreshTrustRoot, type TrustContext } from './cache';
export { readFrom, replay, type Download } from './download';
export { TRUST_FOLDER } from './folder';
export type { Versions } from './metadata';
export type { TrustRoot } from './root';
export { publicGoodSeed, type Seed } from './seed';
export { pinnedSource, trustSettings, trustSource, tufSource, type TrustSettings, type TrustSource, type TufSource } from './source';
export { checkTrustedRoot } from './trusted-root';
