export type { Hasher, HashOptions } from './hasher';
export { createHasher } from './stream-hasher';
export { resolveArtifacts, type ArtifactSet } from './resolve';
export { digestArtifacts, type ArtifactDigests } from './artifacts';
