import { COMMON_OPTIONS, GRAPH, KEYLESS, WHOM_TO_TRUST, type CommandSpec, type OptionSpec, type Program } from '../spec';

const OUTSIDE: OptionSpec = { value: 'FOLDER', describe: 'Read files from this folder outside of the workspace, too', repeats: 'option' };
const JSON_VALUE = 'JSON|FILE';

const CREATE: CommandSpec = {
  name: 'create',
  summary: 'Create the proof envelope of a file. JSON is given as such, or as the name of a file that holds it.',
  options: {
    artifact: { value: 'FILE', describe: 'The file that is proved (required)' },
    mime: { value: 'TYPE', describe: 'Its media type (required)' },
    context: { value: JSON_VALUE, describe: 'The public context, an object (required)' },
    runtime: { value: JSON_VALUE, describe: 'What made the file, {"model": …, "parameters"?: …, "tooling"?: …} (required)' },
    evidence: { value: JSON_VALUE, describe: 'An array of evidence: {"type": "file", "path": …, "lines"?: …, "quote"?: …} or {"type": "url", "href": …, "snapshot"?: …}' },
    policy: { value: JSON_VALUE, describe: 'An array of policy receipts: {"name": …, "status": "pass"|"fail"|"warn", …}' },
    trace: { value: JSON_VALUE, describe: 'The trace, {"otel": {"traceId": …, "rootSpanId"?: …}}' },
    'sealed-ref': { value: JSON_VALUE, describe: 'Where a sealed context lies, {"uri": …, "sha256": …}' },
    bundle: { value: 'FILE', describe: 'Further files that belong to the artifact', repeats: 'words' },
    out: { value: 'FILE', describe: 'Where the envelope goes; beside the artifact, with .proof.json added to its name, unless set' },
    'allow-outside': OUTSIDE,
  },
  examples: [
    [`create --artifact report.md --mime text/markdown --context '{"instruction":"summarize"}' --runtime '{"model":"gpt-5-codex"}'`, 'report.md.proof.json'],
    ['create --artifact report.md --mime text/markdown --context context.json --runtime runtime.json --bundle a.csv b.csv', 'with JSON from files, and two more files'],
  ],
};

const SIGN: CommandSpec = {
  name: 'sign',
  summary: 'Sign proof envelopes in place, after hashing their files again: keyless with --issuer, or with a key.',
  positionals: '[PROOF…]',
  options: {
    issuer: { value: 'URL', describe: 'Sign keyless, with a token of exactly this issuer; OIDC@GitHub means https://token.actions.githubusercontent.com' },
    all: { describe: 'Every *.proof.json below the current folder, but in .proof, .nx, .git and node_modules' },
    key: { value: 'FILE', describe: 'The private key (PEM) instead; or NX_PROOF_SIGNING_KEY' },
    ...KEYLESS,
    'allow-outside': OUTSIDE,
  },
  examples: [
    ['sign report.md.proof.json --issuer https://token.actions.githubusercontent.com', 'in GitHub Actions, with the token of the job'],
    ['sign --all --key ci.key.pem', 'every envelope below the current folder, with this key'],
  ],
};

const VERIFY: CommandSpec = {
  name: 'verify',
  summary: 'Verify proof envelopes: form, files, evidence, signature, and whether the policy accepts the signer.',
  positionals: '[PROOF…]',
  options: {
    all: { describe: 'Every *.proof.json below the current folder, but in .proof, .nx, .git and node_modules' },
    'allow-unsigned': { describe: 'Let hashes decide about an envelope that nobody signed; a signature that is there still has to hold' },
    ...WHOM_TO_TRUST,
    project: { value: 'NAME', describe: 'The project whose rule counts; the one that the envelope lies in unless set' },
    'allow-outside': OUTSIDE,
    graph: GRAPH,
  },
  examples: [
    ['verify report.md.proof.json', 'by the rule of the project that it lies in'],
    ['verify --all --strict', 'every envelope below the current folder'],
    ['verify report.md.proof.json --key ci.pub.pem', 'without a policy: this key must have signed'],
  ],
};

export const CORTEX_PROOFS: Program = {
  name: 'cortex-proofs',
  summary: 'Proof envelopes (cortex-os/proof-artifact 0.2.0) of single files: creates, signs and verifies them.',
  commonOptions: { ...COMMON_OPTIONS, concurrency: { value: 'N', describe: 'Work on at most N proofs, and read at most N files, at a time; 4 unless set' } },
  commands: [CREATE, SIGN, VERIFY],
};
