/**
 * A project of the workspace, as the verifier knows it: from Nx's project graph, or read from the workspace's files.
 * Paths are workspace-relative with forward slashes; '.' is the workspace root.
 */
export interface Project {
  readonly name: string;
  readonly root: string;
  /** undefined: cannot be determined. */
  readonly tags: readonly string[] | undefined;
  /**
   * Artifact patterns as configured: the `artifacts` option (relative to the project) or the build target's outputs
   * (starting with {projectRoot} or {workspaceRoot}). undefined: cannot be determined.
   */
  readonly artifacts: readonly string[] | undefined;
  /** Names of the workspace projects it depends on directly. undefined: cannot be determined. */
  readonly dependencies: readonly string[] | undefined;
}

/** The workspace that a command works on. */
export interface Workspace {
  /** Absolute native path. */
  readonly root: string;
  readonly projects: ReadonlyMap<string, Project>;
}

/** The files of a proof, relative to the project. One folder per verb. */
export const PROOF_FOLDER = '.proof';
export const PROOF_FILES = {
  statement: `${PROOF_FOLDER}/create/statement.intoto.json`,
  unsignedEnvelope: `${PROOF_FOLDER}/create/envelope.proof.json`,
  manifest: `${PROOF_FOLDER}/create/manifest.json`,
  bundle: `${PROOF_FOLDER}/sign/bundle.sigstore.json`,
  signedEnvelope: `${PROOF_FOLDER}/sign/envelope.proof.json`,
  verdict: `${PROOF_FOLDER}/verify/verdict.json`,
  vsa: `${PROOF_FOLDER}/verify/vsa.intoto.json`,
} as const;
