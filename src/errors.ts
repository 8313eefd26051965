/** Exit codes of the CLI and of the messages printed under Nx. */
export const EXIT = { ok: 0, refused: 1, usage: 2, environment: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

interface CodeEntry {
  readonly exit: 1 | 2 | 3;
  /** What to do about it, in one sentence. */
  readonly hint: string;
}

/**
 * Every code that nx-proof reports: 1 the verdict is no, 2 the caller's mistake, 3 the environment.
 * docs/errors.md explains each; tests/errors.test.ts holds that list and this one together.
 */
export const ERROR_CODES = {
  // 1: the verdict is no
  BUNDLE_AMBIGUOUS: { exit: 1, hint: 'The bundle is not written as Sigstore clients write it, and could be read in two ways; sign again.' },
  SIGNATURE_INVALID: { exit: 1, hint: 'The signature does not match the statement; make and sign the proof again.' },
  SIGNATURE_MISSING: { exit: 1, hint: 'Nobody signed the proof envelope: sign it with "cortex-proofs sign", or accept hashes alone with --allow-unsigned.' },
  SIGNER_NOT_ALLOWED: { exit: 1, hint: 'Add the signer to the rule in proof.policy.json, if you trust it.' },
  STATEMENT_INVALID: { exit: 1, hint: 'The signed statement is not a valid in-toto/SLSA v1 statement; create the proof again.' },
  PREDICATE_UNSUPPORTED: { exit: 1, hint: 'Only SLSA v1 provenance of one build type is accepted: nx-proof verifies the proofs of targets, cortex-proofs proof envelopes.' },
  PROJECT_MISMATCH: { exit: 1, hint: 'The proof was made for another project; create and sign the proof of this one.' },
  SUBJECT_MISMATCH: { exit: 1, hint: 'The file is not the one that was proved; rebuild, then create and sign the proof again.' },
  SUBJECT_MISSING: { exit: 1, hint: 'A proved file is gone; rebuild, then create and sign the proof again.' },
  SUBJECT_EXTRA: { exit: 1, hint: 'A file that was not proved lies in an artifact root; remove it, or create and sign the proof again.' },
  SUBJECT_CHANGED: { exit: 1, hint: 'The artifacts changed after proof-create; run proof-create again before signing.' },
  ENVELOPE_MISMATCH: { exit: 1, hint: 'The proof envelope is not the one that the statement binds; create and sign the proof again.' },
  EVIDENCE_MISMATCH: { exit: 1, hint: 'The evidence is not what the proof envelope says of it; correct it, then create and sign the envelope again.' },
  BUILDER_MISMATCH: { exit: 1, hint: 'The statement names another builder; create and sign in the same job.' },
  BUILDER_NOT_ALLOWED: { exit: 1, hint: 'The rule requires another builder; sign where that builder runs.' },
  SOURCE_MISMATCH: { exit: 1, hint: 'The proof was made from other sources than those checked out; build, create and sign again.' },
  SOURCE_NOT_ALLOWED: { exit: 1, hint: 'The rule requires another source repository or ref.' },
  CLAIM_ASSERTED: { exit: 1, hint: 'A key does not vouch for this claim; set "acceptAsserted": true in the rule, or sign keyless.' },
  PROOF_TOO_OLD: { exit: 1, hint: 'The rule sets maxAgeDays; sign again with a log entry or timestamp.' },
  TIMESTAMP_REQUIRED: { exit: 1, hint: 'The rule requires a verified timestamp, and the bundle has none.' },
  TLOG_REQUIRED: { exit: 1, hint: 'The rule requires a transparency log entry, and the bundle has none.' },
  DEPENDENCIES_MISMATCH: { exit: 1, hint: 'The recorded dependencies are not those of the project graph; create and sign the proof again.' },
  DEPENDENCY_UNVERIFIED: { exit: 1, hint: 'Prove and sign the dependency, or set "dependencies": "any" in the rule.' },
  DEPENDENCY_CYCLE: { exit: 1, hint: 'Projects that depend on each other cannot be verified by digest; break the cycle or set "dependencies": "any".' },
  RULE_MISSING: { exit: 1, hint: 'No rule of the policy names this project; add one to proof.policy.json.' },
  RULE_LOCAL_ONLY: { exit: 1, hint: 'The rule has "scope": "local" and CI is set; add a rule with the signer of your CI.' },
  REQUIRED_UNPROVED: { exit: 1, hint: 'The policy requires a proof of this project; run its proof-sign target.' },
  REQUIRED_UNMATCHED: { exit: 1, hint: 'An entry of "required" names no project of the workspace; correct it in the policy.' },
  POLICY_DIGEST_MISMATCH: { exit: 1, hint: 'The policy is not the pinned one; restore it, or pin the new digest after review.' },
  POLICY_UNPINNED: { exit: 1, hint: 'Give --policy-digest, NX_PROOF_POLICY_SHA256 or --policy FILE from the base branch.' },
  AUDIT_BROKEN: { exit: 1, hint: 'The audit log was edited; compare it with a copy, then move it away.' },
  TARGET_REPLACED: { exit: 1, hint: 'Give the target back the executor of nx-proof: look for its name in project.json, package.json and the target defaults of nx.json.' },
  VERDICT_CACHED: { exit: 1, hint: 'Remove "cache" from the target: what a cache replays is no verification.' },
  // 2: the caller's mistake
  OPTION_INVALID: { exit: 2, hint: 'Correct the option; --help lists them all.' },
  ENV_FILE_CONTROL: { exit: 2, hint: 'Remove the variable from the file; set it in the shell or in the settings of the CI.' },
  TARGET_MISSING: { exit: 2, hint: 'Add a proof.json to the projects that are to be proved, or correct the name of the target: a run without tasks proves nothing.' },
  WORKSPACE_NOT_FOUND: { exit: 2, hint: 'Run inside an Nx workspace (a folder with nx.json), or give --cwd.' },
  WORKSPACE_INVALID: { exit: 2, hint: 'Correct the file; without it the members of the workspace are not known.' },
  PROJECT_UNKNOWN: { exit: 2, hint: 'Give the name of a project of this workspace; nx show projects lists them.' },
  GRAPH_REQUIRED: { exit: 2, hint: 'Write the project graph with "nx graph --file=graph.json" and give --graph graph.json.' },
  OUTPUTS_UNDECLARED: { exit: 2, hint: 'Add "outputs" to the build target, for example ["{projectRoot}/dist"], or set "artifacts".' },
  ARTIFACTS_EMPTY: { exit: 2, hint: 'Build the project first, or correct its outputs or "artifacts".' },
  ARTIFACT_SYMLINK: { exit: 2, hint: 'Replace the link by the file itself: what a link points to is not covered by a proof.' },
  ARTIFACT_KIND: { exit: 2, hint: 'Only regular files and folders can be artifacts; remove the device, socket or pipe.' },
  ARTIFACT_NAME: { exit: 2, hint: 'Rename the file: names with a newline or that are not UTF-8 cannot be proved.' },
  ARTIFACT_ROOTS: { exit: 2, hint: 'Name at most 24 artifact roots.' },
  NESTED_PACKAGE: { exit: 2, hint: 'Keep other projects and .proof folders out of the artifact roots.' },
  PATH_OUTSIDE: { exit: 2, hint: 'The path leaves the workspace; correct it.' },
  POLICY_NOT_FOUND: { exit: 2, hint: 'Run "nx g nx-proof:init" to make proof.policy.json, or give --policy FILE.' },
  POLICY_INVALID: { exit: 2, hint: 'Correct the policy; its JSON Schema ships as nx-proof/schemas/proof-policy.schema.json.' },
  PROOF_NOT_FOUND: { exit: 2, hint: 'Run the proof-sign target first, or correct the path.' },
  PROOF_FILE_INVALID: { exit: 2, hint: 'Correct the file; its JSON Schema ships as nx-proof/schemas/proof.schema.json.' },
  STATEMENT_NOT_FOUND: { exit: 2, hint: 'Run the proof-create target first.' },
  JSON_INVALID: { exit: 2, hint: 'The file is not the JSON that nx-proof expects; make it again.' },
  FILE_TOO_LARGE: { exit: 2, hint: 'The file is larger than any document of its kind; check that the path is right.' },
  BUNDLE_INVALID: { exit: 2, hint: 'The file is not a Sigstore bundle that nx-proof reads; sign again.' },
  ENVELOPE_INVALID: { exit: 2, hint: 'The proof envelope does not follow cortex-os/proof-artifact 0.2.0.' },
  KEY_NOT_FOUND: { exit: 2, hint: 'Make a key with "nx-proof key generate", or set NX_PROOF_SIGNING_KEY.' },
  KEY_INVALID: { exit: 2, hint: 'Use a PEM key: ECDSA P-256 or Ed25519, PKCS#8 if private.' },
  KEY_PERMISSIONS: { exit: 2, hint: 'Make the key readable by you alone (chmod 600).' },
  KEY_PASSPHRASE: { exit: 2, hint: 'Set NX_PROOF_KEY_PASSPHRASE to the passphrase of the key.' },
  KEY_EXISTS: { exit: 2, hint: 'A key is there already; name another file or remove it first.' },
  GIT_REQUIRED: { exit: 2, hint: 'Proofs name the commit they were made from; run "git init" and commit first.' },
  NX_UNSUPPORTED: { exit: 2, hint: 'Use nx 23.3 or later.' },
  ENDPOINT_REFUSED: { exit: 2, hint: 'Only https addresses below the allowed endpoints are contacted; correct the address, or "endpoints" if you trust it.' },
  IDENTITY_NOT_FOUND: { exit: 2, hint: 'Give the job an OIDC token (GitHub Actions: "permissions: id-token: write"), --identity-token, or a key.' },
  TOKEN_INVALID: { exit: 2, hint: 'Give an OIDC identity token (a JWT) with the audience "sigstore".' },
  TOKEN_EXPIRED: { exit: 2, hint: 'Get a new identity token just before signing.' },
  SIGNING_CONFIG_INVALID: { exit: 2, hint: 'Give a Sigstore signing configuration (v0.2) with a usable service of each kind, or the URLs of the services.' },
  TRUSTED_ROOT_INVALID: { exit: 2, hint: 'Give a trusted_root.json of Sigstore whose keys and certificate authorities all have a start of validity.' },
  TRUST_IMPORT_INVALID: { exit: 2, hint: 'Give a cache entry of nx-proof from another machine, or a folder with a copy of the TUF repository.' },
  // 3: the environment
  NETWORK_ERROR: { exit: 3, hint: 'Check the network, the proxy settings and the status of the service, then run it again.' },
  SERVICE_REFUSED: { exit: 3, hint: 'The service does not accept the request: check the identity token, its audience, and that the URL is that of the right service.' },
  SERVICE_UNAVAILABLE: { exit: 3, hint: 'The service is overloaded or failing; run it again later, or set --rate.' },
  SERVICE_INVALID: { exit: 3, hint: 'What the service answered is not what was asked for, and nothing was written; check that the URL is that of the right service.' },
  IO_ERROR: { exit: 3, hint: 'Check that the file exists, that it can be read or written, and that the disk is not full.' },
  FILE_CHANGED: { exit: 3, hint: 'Something writes to the artifacts while they are read; wait for it to end.' },
  TRUST_UNAVAILABLE: { exit: 3, hint: 'Check the network and the proxy settings and run "nx-proof trust refresh", give --trusted-root FILE, or verify with a key.' },
  TRUST_EXPIRED: { exit: 3, hint: 'Run "nx-proof trust refresh" where there is a network, import a copy with "nx-proof trust import", or give --trusted-root FILE.' },
  TRUST_REFUSED: { exit: 3, hint: 'Check "trust" in proof.policy.json and the network: the repository is another one, out of date, or someone interferes.' },
  TRUST_CACHE_UNSAFE: { exit: 3, hint: 'Remove the folder, or run as the user that owns it: .nx/proof must be a real folder of your own.' },
  LOCK_TIMEOUT: { exit: 3, hint: 'Wait for the other nx-proof process; if there is none on any machine that shares the folder, remove the lock file.' },
  ABORTED: { exit: 3, hint: 'The run was interrupted; run it again.' },
  INTERNAL: { exit: 3, hint: 'This is a defect of nx-proof; please report it with the message.' },
} as const satisfies Record<string, CodeEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Facts about an error for machines: file, field, project. Never a token or key. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/**
 * The one exception of nx-proof: it could not do what was asked. A verdict that is no is a value (`Verdict`), not this.
 * Match on `code`, not with instanceof: several copies of the package may be loaded.
 */
export class ProofError extends Error {
  override readonly name = 'ProofError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: ErrorDetails } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  get exitCode(): 1 | 2 | 3 {
    return ERROR_CODES[this.code].exit;
  }

  get hint(): string {
    return ERROR_CODES[this.code].hint;
  }
}

/** True for a ProofError of this or another loaded copy of nx-proof. */
export function isProofError(error: unknown): error is ProofError {
  return error instanceof Error && error.name === 'ProofError' && 'code' in error;
}

/** Several outcomes, one exit code: 1 before 3 before 2, and 0 only when all are 0. */
export function worstExit(codes: Iterable<ExitCode>): ExitCode {
  const seen = new Set(codes);
  seen.delete(EXIT.ok);
  if (seen.size === 0) return EXIT.ok;
  // What is none of them, from a copy of nx-proof that knows more, is no success either.
  return ([EXIT.refused, EXIT.environment, EXIT.usage] as const).find((code) => seen.has(code)) ?? EXIT.environment;
}

/** Any thrown value as a ProofError: file system failures become IO_ERROR, the unexpected INTERNAL. */
export function toProofError(error: unknown, context?: string): ProofError {
  if (isProofError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  const prefix = context === undefined ? '' : `${context}: `;
  if (error instanceof Error && error.name === 'AbortError') return new ProofError('ABORTED', `${prefix}interrupted`, { cause: error });
  if (isSystemError(error)) return new ProofError('IO_ERROR', `${prefix}${message}`, { cause: error, details: { errno: error.code } });
  return new ProofError('INTERNAL', `${prefix}${message}`, { cause: error });
}

/** A Node.js system error, as thrown by node:fs and node:child_process. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return error instanceof Error && 'syscall' in error && typeof (error as NodeJS.ErrnoException).code === 'string';
}
