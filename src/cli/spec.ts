/** An option as --help shows it and the parser reads it. */
export interface OptionSpec {
  /** What stands for the value in --help; without it the option is a switch. */
  readonly value?: string;
  readonly describe: string;
  readonly choices?: readonly string[];
  /** No message repeats its value. */
  readonly isSecret?: true;
  /** May be given again; `words`: and takes all words up to the next option. */
  readonly repeats?: 'option' | 'words';
}

export interface CommandSpec {
  /** As typed: `verify`, `key generate`. */
  readonly name: string;
  readonly summary: string;
  /** What follows the options; undefined when nothing may. */
  readonly positionals?: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Command lines without the program's name, each with what it does. */
  readonly examples: readonly (readonly [string, string])[];
}

/** A program, as --help shows it and the parser reads its command line. */
export interface Program {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly CommandSpec[];
  /** Understood by every command. */
  readonly commonOptions: Readonly<Record<string, OptionSpec>>;
}

/** Understood by every command of nx-proof. */
export const COMMON_OPTIONS = {
  cwd: { value: 'FOLDER', describe: 'Run as if started in FOLDER' },
  concurrency: { value: 'N', describe: 'Read at most N files at a time; NX_PROOF_WORKERS=0 keeps hashing on one thread' },
  json: { describe: 'Print one JSON document to standard output and nothing else' },
  plain: { describe: 'No colour and no redrawn lines (NO_COLOR is honoured too)' },
  'log-level': { value: 'LEVEL', describe: 'What goes to standard error', choices: ['error', 'warn', 'info', 'debug'] },
  'log-format': { value: 'FORMAT', describe: 'How it is written there', choices: ['text', 'json'] },
  help: { describe: 'Show this help' },
  version: { describe: 'Show the version' },
} as const satisfies Record<string, OptionSpec>;

export const GRAPH: OptionSpec = { value: 'FILE', describe: 'The project graph, written by "nx graph --file=FILE"; needed for what the files of the workspace do not say' };

const CREATE: CommandSpec = {
  name: 'create',
  summary: 'Create the statement and the proof envelope of projects that are built. Loads Nx, as the executor does.',
  positionals: '[PROJECT|PATH…]',
  options: { all: { describe: 'Every project that has a proof-create target' } },
  examples: [
    ['create app', 'the project app'],
    ['create --all', 'every project with a proof-create target, dependencies first'],
  ],
};

/** How to sign keyless. */
export const KEYLESS: Readonly<Record<string, OptionSpec>> = {
  'identity-token': { value: 'TOKEN', describe: 'Sign keyless with this OIDC token. Other users of the machine may see it; a variable is better', isSecret: true },
  'identity-token-variable': { value: 'NAME', describe: 'Sign keyless with the OIDC token in this variable; SIGSTORE_ID_TOKEN is looked at anyway' },
  audience: { value: 'NAME', describe: 'The audience of the token; sigstore unless set' },
  'signing-config': { value: 'FILE', describe: "A Sigstore signing configuration (v0.2) that names the services; Sigstore's public ones unless set" },
  'fulcio-url': { value: 'URL', describe: 'The CA of a private instance; together with --rekor-url' },
  'rekor-url': { value: 'URL', describe: 'The transparency log of a private instance' },
  'rekor-version': { value: 'N', describe: 'The major version of its API; 1 unless set', choices: ['1', '2'] },
  'tsa-url': { value: 'URL', describe: 'An RFC 3161 timestamp authority' },
  rate: { value: 'N/s', describe: 'Send each service at most N requests a second' },
};

const SIGN: CommandSpec = {
  name: 'sign',
  summary: 'Sign the statements of projects with a key or keyless, after hashing their artifacts again. Runs no code of the workspace.',
  positionals: '[PROJECT|PATH…]',
  options: {
    all: { describe: 'Every project that has a statement' },
    key: { value: 'FILE', describe: 'The private key (PEM); else NX_PROOF_SIGNING_KEY, else the identity of the CI job, else the key made by "nx-proof key generate"' },
    ...KEYLESS,
    tlog: { value: 'MODE', describe: 'none: log nothing, and have a timestamp instead; the policy must allow it', choices: ['required', 'none'] },
    graph: GRAPH,
  },
  examples: [
    ['sign', 'the project of the current folder'],
    ['sign --all', 'in CI: every project that has a statement, with the identity of the job'],
    ['sign --all --key ci.key.pem', 'every project that has a statement, with this key'],
  ],
};

/** Whose signatures count. */
export const WHOM_TO_TRUST: Readonly<Record<string, OptionSpec>> = {
  policy: { value: 'FILE', describe: 'The policy; proof.policy.json of the workspace unless set. In CI, give that of the base branch' },
  'policy-digest': { value: 'SHA256', describe: 'The digest that the policy and the files it names must have; also NX_PROOF_POLICY_SHA256' },
  strict: { describe: 'Refuse a policy that is not pinned in CI, instead of warning' },
  key: { value: 'FILE', describe: 'Accept this public key (PEM) instead of reading a policy' },
  'certificate-identity': { value: 'ID', describe: 'Accept certificates of exactly this identity instead of reading a policy' },
  'certificate-oidc-issuer': { value: 'URL', describe: 'The issuer that vouches for the identity; goes with --certificate-identity' },
  'trusted-root': { value: 'FILE', describe: 'Verify certificates with this trusted_root.json of Sigstore, whatever the policy names; opens no connection' },
  offline: { describe: 'Open no connection: verify certificates with the trust root in the cache, or the one that ships with the Sigstore client' },
};

const VERIFY: CommandSpec = {
  name: 'verify',
  summary: 'Verify proofs against the policy, hashing every artifact. Runs no code of the workspace.',
  positionals: '[PATH…]',
  options: {
    all: { describe: 'Every project with a proof, and every one that the policy requires' },
    ...WHOM_TO_TRUST,
    project: { value: 'NAME', describe: 'The project that PATH is a proof of; needed for a bundle that lies in no project' },
    graph: GRAPH,
  },
  examples: [
    ['verify', 'the project of the current folder'],
    ['verify apps/app libs/core', 'these projects'],
    ['verify --all --strict', 'the check that a protected branch requires'],
    ['verify dist/app.sigstore.json --project app', 'a bundle from elsewhere, as a proof of app'],
  ],
};

const STAGING: OptionSpec = { describe: "Sigstore's staging instance is meant; its material must be given by the other options" };

const VERIFY_BUNDLE: CommandSpec = {
  name: 'verify-bundle',
  summary: 'Verify one Sigstore bundle about one file, whoever made it. Reads no policy; follows the protocol of sigstore-conformance.',
  positionals: 'FILE|sha256:HEX',
  options: {
    staging: STAGING,
    bundle: { value: 'FILE', describe: 'The bundle, v0.1 to v0.3, of a signature over the file or over an in-toto statement that names it' },
    'certificate-identity': { value: 'ID', describe: 'The identity that the certificate must have, exactly' },
    'certificate-oidc-issuer': { value: 'URL', describe: 'The issuer that vouches for the identity' },
    key: { value: 'FILE', describe: 'The public key (PEM) that must have signed, in the place of an identity' },
    'trusted-root': { value: 'FILE', describe: 'Verify with this trusted_root.json of Sigstore; that of the public-good instance unless set' },
  },
  examples: [
    ['verify-bundle --bundle app.tgz.sigstore.json --key release.pub.pem app.tgz', 'a file signed with a key'],
    ['verify-bundle --bundle a.sigstore.json --certificate-identity ID --certificate-oidc-issuer URL sha256:HEX', 'a file of which only the digest is at hand'],
  ],
};

const KEY_GENERATE: CommandSpec = {
  name: 'key generate',
  summary: 'Make a signing key, readable by you alone; NX_PROOF_KEY_PASSPHRASE encrypts it.',
  options: {
    type: { value: 'TYPE', describe: 'The kind of key; ecdsa-p256 unless set', choices: ['ecdsa-p256', 'ed25519'] },
    out: { value: 'FILE', describe: "The file of the private key; your own key's place unless set" },
  },
  examples: [['key generate --type ed25519 --out ci.key.pem', 'a key for CI']],
};

const KEY_TRUST: CommandSpec = {
  name: 'key trust',
  summary: 'Add a public key to proof.keys/ and a rule with it to proof.policy.json.',
  positionals: 'FILE',
  options: {
    projects: { value: 'LIST', describe: 'Whose proofs the key may sign: names, globs or tag:NAME, separated by commas; * unless set' },
    scope: { value: 'SCOPE', describe: 'local: the rule is refused when CI is set', choices: ['local'] },
  },
  examples: [["key trust ci.pub.pem --projects 'app,tag:published'", 'the key may sign app and what is tagged published']],
};

const KEY_LIST: CommandSpec = {
  name: 'key list',
  summary: 'List the keys of proof.keys/, with the rules that name them, and your own.',
  options: {},
  examples: [['key list', 'the keys that this workspace knows']],
};

const TRUST_POLICY: OptionSpec = { value: 'FILE', describe: 'The policy whose "trust" counts; proof.policy.json of the workspace unless set' };

const TRUST_STATUS: CommandSpec = {
  name: 'trust status',
  summary: 'Show where the trust root comes from, and what the cache holds of it. Opens no connection.',
  options: { policy: TRUST_POLICY },
  examples: [['trust status', 'how old the trust root is, and until when it is used']],
};

const TRUST_REFRESH: CommandSpec = {
  name: 'trust refresh',
  summary: 'Ask the TUF repository for a newer trust root.',
  options: {
    policy: TRUST_POLICY,
    'if-stale': { describe: 'Only if the one in the cache is not fresh' },
    watch: { describe: 'Go on until interrupted, each time before its time to live is over' },
  },
  examples: [
    ['trust refresh', 'now'],
    ['trust refresh --watch', 'as a service, so that no command has to wait'],
  ],
};

const TRUST_IMPORT: CommandSpec = {
  name: 'trust import',
  summary: 'Take over a trust root without a network: verified like one that was fetched.',
  positionals: 'FILE|FOLDER',
  options: { policy: TRUST_POLICY },
  examples: [
    ['trust import /media/usb/trust.entry', 'a cache entry of another machine; trust status says where it lies'],
    ['trust import mirror/', 'a folder with a copy of the TUF repository'],
  ],
};

const TRUST_CLEAR: CommandSpec = {
  name: 'trust clear',
  summary: 'Remove the entries of the trust cache, also damaged ones that were kept aside. The audit log stays.',
  options: { 'older-than': { value: 'TIME', describe: 'Only what was written longer ago: 12h, 7d' } },
  examples: [['trust clear --older-than 30d', 'what nobody refreshes any more']],
};

const TRUST_AUDIT: CommandSpec = {
  name: 'trust audit',
  summary: 'Show the audit log of the trust cache.',
  options: { verify: { describe: 'Check the chain of its lines instead, and name the sha256 of the last one' } },
  examples: [['trust audit --verify', 'whether a line was changed, added or removed']],
};

export const NX_PROOF: Program = {
  name: 'nx-proof',
  summary: 'Proves what an Nx workspace ships: creates, signs and verifies provenance, per project.',
  commonOptions: COMMON_OPTIONS,
  commands: [CREATE, SIGN, VERIFY, VERIFY_BUNDLE, KEY_GENERATE, KEY_TRUST, KEY_LIST, TRUST_STATUS, TRUST_REFRESH, TRUST_IMPORT, TRUST_CLEAR, TRUST_AUDIT],
};
