export type { HashedFile, Hasher, HashOptions, HashTotal } from './hasher';
export { createHasher, type HasherNote, type HasherOptions } from './adaptive-hasher';
export { artifactMatcher, artifactPatternToWorkspace, type ArtifactPattern } from './patterns';
export { MAX_FOLDER_ROOTS, resolveArtifacts, type ArtifactScope, type ArtifactSet } from './resolve';
export { digestArtifacts, type ArtifactDigests, type ArtifactSummary } from './artifacts';
export { checkPath } from './paths';
export { readFile } from './read-file';
