import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { cpSync } from 'node:fs';
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { canonicalBytes, fingerprintOf, payloadOf, statementOf, withPayload, type Bundle, type StatementLike } from './support/dsse';
import type { RunResult } from './support/process';
import { DemoWorkspace } from './support/workspace';

const BUNDLE = '.proof/sign/bundle.sigstore.json';
const ENVELOPE = '.proof/sign/envelope.proof.json';
const APP = 'apps/app';
const LIB = 'libs/lib';

interface Row {
  readonly name: string;
  readonly tamper: () => Promise<void>;
  readonly code: string;
  /** What the message has to name: files, fields or projects. */
  readonly named: readonly string[];
  /** Also tried through the executor, which must not trust what it remembers. */
  readonly executor?: true;
}

let workspace: DemoWorkspace;
let snapshot: string;
let graph: readonly string[];
let key: KeyObject;
let stranger: KeyObject;

const pem = (privateKey: KeyObject): string => privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

/** A policy that trusts one key for everything, written by hand. */
async function writePolicy(): Promise<void> {
  const fingerprint = fingerprintOf(key);
  await workspace.write(`proof.keys/${fingerprint}.pub.pem`, createPublicKey(key).export({ type: 'spki', format: 'pem' }));
  const rules = [{ projects: ['app', 'lib'], signers: [{ key: fingerprint }], dependencies: 'verified' }];
  await workspace.write('proof.policy.json', JSON.stringify({ version: 1, required: ['app', 'lib'], rules }));
}

async function prove(): Promise<void> {
  const signed = await workspace.nx(['run-many', '-t', 'proof-sign'], { env: { NX_PROOF_SIGNING_KEY: pem(key) } });
  expect(signed.code, signed.output).toBe(0);
}

beforeAll(async () => {
  workspace = await DemoWorkspace.create({ pm: 'npm', nx: '24.0.6' });
  snapshot = path.join(path.dirname(workspace.root), 'snapshot');
  key = newKey();
  stranger = newKey();
  await writePolicy();
  await workspace.write('nx.json', JSON.stringify({ ...(await workspace.json('nx.json')), plugins: ['nx-proof/plugin'] }));
  await workspace.write('.gitignore', `${await workspace.read('.gitignore')}.proof/\n`);
  await workspace.write(`${APP}/proof.json`, '{}\n');
  await workspace.write(`${LIB}/proof.json`, '{}\n');
  await workspace.commit('proofs');
  await prove();
  graph = await workspace.graph();
  for (const folder of [APP, LIB]) cpSync(workspace.path(folder), path.join(snapshot, folder), { recursive: true });
});

afterAll(() => workspace.remove());

beforeEach(async () => {
  await workspace.rm(`proof.keys/${fingerprintOf(stranger)}.pub.pem`);
  for (const folder of [APP, LIB]) {
    await rm(workspace.path(folder), { recursive: true });
    cpSync(path.join(snapshot, folder), workspace.path(folder), { recursive: true });
  }
});

const verify = (...args: string[]): Promise<RunResult> => workspace.cli(['verify', ...args, ...graph]);
const bundleOf = async (project: string): Promise<Bundle> => (await workspace.json(`${project}/${BUNDLE}`)) as unknown as Bundle;
const writeBundle = (project: string, bundle: Bundle): Promise<void> => workspace.write(`${project}/${BUNDLE}`, JSON.stringify(bundle));

/** The proof of app with a changed statement, under its old signature or signed anew. */
async function editStatement(edit: (statement: StatementLike) => void, signer?: KeyObject): Promise<void> {
  const bundle = await bundleOf(APP);
  const statement = statementOf(bundle);
  edit(statement);
  await writeBundle(APP, withPayload(bundle, canonicalBytes(statement), signer));
}

/** The proof of app, signed by a key that the policy does not name, and saying so. */
async function signAsStranger(): Promise<void> {
  const bundle = await bundleOf(APP);
  const signed = withPayload(bundle, payloadOf(bundle), stranger);
  await writeBundle(APP, { ...signed, verificationMaterial: { ...signed.verificationMaterial, publicKey: { hint: fingerprintOf(stranger) } } });
}

async function flipByte(file: string): Promise<void> {
  const bytes = await readFile(workspace.path(file));
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  await writeFile(workspace.path(file), bytes);
}

const MAIN = `${APP}/dist/main.js`;

const ROWS: readonly Row[] = [
  { name: 'one byte of a file changed', tamper: () => flipByte(MAIN), code: 'SUBJECT_MISMATCH', named: [MAIN], executor: true },
  {
    name: 'a byte changed, size and times as before',
    tamper: async () => {
      const { atime, mtime } = await stat(workspace.path(MAIN));
      await flipByte(MAIN);
      await utimes(workspace.path(MAIN), atime, mtime);
    },
    code: 'SUBJECT_MISMATCH',
    named: [MAIN],
    executor: true,
  },
  { name: 'a file added', tamper: () => workspace.write(`${APP}/dist/extra.js`, ''), code: 'SUBJECT_EXTRA', named: [`${APP}/dist/extra.js`], executor: true },
  {
    name: 'a file added under dist/node_modules',
    tamper: () => workspace.write(`${APP}/dist/node_modules/dep/index.js`, ''),
    code: 'SUBJECT_EXTRA',
    named: [`${APP}/dist/node_modules/dep/index.js`],
  },
  { name: 'a file added under a dot folder', tamper: () => workspace.write(`${APP}/dist/.cache/x.js`, ''), code: 'SUBJECT_EXTRA', named: [`${APP}/dist/.cache/x.js`] },
  { name: 'a file removed', tamper: () => rm(workspace.path(`${APP}/dist/[id].js`)), code: 'SUBJECT_MISSING', named: [`${APP}/dist/[id].js`], executor: true },
  { name: 'all of dist removed', tamper: () => rm(workspace.path(`${APP}/dist`), { recursive: true }), code: 'SUBJECT_MISSING', named: [`${APP}/dist`] },
  {
    name: 'a file renamed',
    tamper: () => rename(workspace.path(`${APP}/dist/a b.txt`), workspace.path(`${APP}/dist/a c.txt`)),
    code: 'SUBJECT_MISSING',
    named: [`${APP}/dist/a b.txt`, `${APP}/dist/a c.txt`],
  },
  {
    name: 'two files swapped',
    tamper: async () => {
      const [one, two] = [workspace.path(`${APP}/dist/a b.txt`), workspace.path(`${APP}/dist/!not.js`)];
      await rename(one, `${one}.aside`);
      await rename(two, one);
      await rename(`${one}.aside`, two);
    },
    code: 'SUBJECT_MISMATCH',
    named: [`${APP}/dist/a b.txt`, `${APP}/dist/!not.js`],
  },
  {
    name: 'the sources of another state than the proof',
    tamper: () => workspace.write(`${APP}/src/main.js`, 'console.log("newer");\n'),
    code: 'SOURCE_MISMATCH',
    named: ['source:app'],
    executor: true,
  },
  {
    name: 'the statement edited',
    tamper: () => editStatement((statement) => (statement.predicate.runDetails.builder.id = 'https://example.com/other')),
    code: 'SIGNATURE_INVALID',
    named: ['dsseEnvelope'],
  },
  {
    name: 'the payload re-encoded: the same JSON in other bytes',
    tamper: async () => {
      const bundle = await bundleOf(APP);
      await writeBundle(APP, withPayload(bundle, Buffer.from(JSON.stringify(statementOf(bundle), null, 2))));
    },
    code: 'SIGNATURE_INVALID',
    named: ['dsseEnvelope'],
  },
  {
    name: 'the payload re-encoded and signed by a trusted key',
    tamper: async () => {
      const bundle = await bundleOf(APP);
      await writeBundle(APP, withPayload(bundle, Buffer.from(JSON.stringify(statementOf(bundle), null, 2)), key));
    },
    code: 'STATEMENT_INVALID',
    named: ['canonical'],
  },
  {
    name: 'the signature of another statement',
    tamper: async () => {
      const [app, lib] = [await bundleOf(APP), await bundleOf(LIB)];
      await writeBundle(APP, { ...app, dsseEnvelope: { ...app.dsseEnvelope, signatures: lib.dsseEnvelope.signatures } });
    },
    code: 'SIGNATURE_INVALID',
    named: ['dsseEnvelope'],
  },
  { name: 'signed by another key', tamper: () => signAsStranger(), code: 'SIGNATURE_INVALID', named: ['dsseEnvelope'], executor: true },
  {
    name: 'signed by another key, which the workspace knows and the rule does not',
    tamper: async () => {
      await workspace.write(`proof.keys/${fingerprintOf(stranger)}.pub.pem`, createPublicKey(stranger).export({ type: 'spki', format: 'pem' }));
      await signAsStranger();
    },
    code: 'SIGNER_NOT_ALLOWED',
    named: ['nx-proof key trust'],
  },
  {
    name: 'signed by another key that claims to be the trusted one',
    tamper: async () => writeBundle(APP, withPayload(await bundleOf(APP), payloadOf(await bundleOf(APP)), stranger)),
    code: 'SIGNATURE_INVALID',
    named: ['dsseEnvelope'],
  },
  {
    name: 'the envelope edited',
    tamper: async () => workspace.write(`${APP}/${ENVELOPE}`, canonicalBytes({ ...(await workspace.json(`${APP}/${ENVELOPE}`)), actor: { agent: 'someone', role: 'else' } })),
    code: 'ENVELOPE_MISMATCH',
    named: ['proof envelope', 'sha256'],
  },
  {
    name: 'the envelope re-encoded',
    tamper: async () => workspace.write(`${APP}/${ENVELOPE}`, JSON.stringify(await workspace.json(`${APP}/${ENVELOPE}`), null, 2)),
    code: 'ENVELOPE_MISMATCH',
    named: ['proof envelope', 'canonical'],
  },
  { name: 'the envelope removed', tamper: () => rm(workspace.path(`${APP}/${ENVELOPE}`)), code: 'ENVELOPE_MISMATCH', named: [ENVELOPE] },
  {
    name: 'the attestation inside of the envelope replaced',
    tamper: async () => {
      const [app, lib] = [await workspace.json(`${APP}/${ENVELOPE}`), await workspace.json(`${LIB}/${ENVELOPE}`)];
      await workspace.write(`${APP}/${ENVELOPE}`, canonicalBytes({ ...app, attestations: lib['attestations'] }));
    },
    code: 'ENVELOPE_MISMATCH',
    named: ['proof envelope', 'attestations'],
  },
  {
    name: 'a digest swapped for that of another project, signed by a trusted key',
    tamper: async () => {
      const lib = statementOf(await bundleOf(LIB)).subject[0];
      await editStatement((statement) => Object.assign(statement.subject[0] ?? {}, { digest: lib?.digest }), key);
    },
    code: 'SUBJECT_MISMATCH',
    named: [`${APP}/dist/`],
  },
  {
    name: 'a subject outside of the artifact roots, signed by a trusted key',
    tamper: async () => {
      const lib = statementOf(await bundleOf(LIB)).subject[0];
      await editStatement((statement) => statement.subject.splice(0, statement.subject.length, ...(lib === undefined ? [] : [lib])), key);
    },
    code: 'STATEMENT_INVALID',
    named: ['/subject/0/name', `${LIB}/dist/main.js`],
  },
  { name: 'the proof of another project', tamper: async () => writeBundle(APP, await bundleOf(LIB)), code: 'PROJECT_MISMATCH', named: ['lib', 'app'], executor: true },
  {
    name: 'an empty list of subjects, signed by a trusted key',
    tamper: () => editStatement((statement) => (statement.subject = []), key),
    code: 'STATEMENT_INVALID',
    named: ['/subject'],
  },
  {
    name: 'a subject of one name twice, signed by a trusted key',
    tamper: () => editStatement((statement) => statement.subject.push(...statement.subject.slice(0, 1)), key),
    code: 'STATEMENT_INVALID',
    named: ['/subject/'],
  },
  {
    name: 'another predicate type, signed by a trusted key',
    tamper: () => editStatement((statement) => Object.assign(statement, { predicateType: 'https://slsa.dev/provenance/v0.2' }), key),
    code: 'PREDICATE_UNSUPPORTED',
    named: ['predicateType'],
  },
  {
    name: 'a dependency left out of the statement, signed by a trusted key',
    tamper: () =>
      editStatement((statement) => {
        const { buildDefinition } = statement.predicate;
        buildDefinition.resolvedDependencies = buildDefinition.resolvedDependencies.filter(({ name }) => name !== 'nx:lib');
      }, key),
    code: 'DEPENDENCIES_MISMATCH',
    named: ['lib'],
  },
  { name: 'a file of a dependency changed', tamper: () => flipByte(`${LIB}/dist/main.js`), code: 'DEPENDENCY_UNVERIFIED', named: ['lib'], executor: true },
  { name: 'the proof of a dependency gone', tamper: () => rm(workspace.path(`${LIB}/.proof`), { recursive: true }), code: 'DEPENDENCY_UNVERIFIED', named: ['lib'] },
];

describe('the tamper matrix', () => {
  it('passes while nothing is touched', async () => {
    const verified = await verify('apps/app');
    expect(verified, verified.output).toMatchObject({ code: 0 });
  });

  it.each(ROWS)('refuses: $name', async ({ tamper, code, named, executor }) => {
    await tamper();
    const refused = await verify('apps/app');
    expect(refused.code, refused.output).toBe(1);
    for (const text of [code, ...named]) expect(refused.output).toContain(text);
    if (executor !== true) return;
    const failed = await workspace.nx(['run', 'app:proof-verify', '--excludeTaskDependencies']);
    expect(failed.code, failed.output).toBe(1);
    for (const text of [code, 'exit 1', ...named]) expect(failed.output).toContain(text);
  });

  it('tells machines the same', async () => {
    await flipByte(MAIN);
    const refused = await verify('apps/app', '--json');
    expect(refused.code).toBe(1);
    const text = JSON.stringify(JSON.parse(refused.stdout));
    expect(text).toContain('SUBJECT_MISMATCH');
    expect(text).toContain(MAIN);
  });

  it('refuses an older proof of other sources, consistent in itself', async () => {
    await workspace.git('checkout', '--quiet', '-b', 'newer');
    try {
      await workspace.write(`${APP}/src/main.js`, 'console.log("newer");\n');
      await workspace.commit('newer');
      const refused = await verify('--all');
      expect(refused.code, refused.output).toBe(1);
      expect(refused.output).toContain('SOURCE_MISMATCH');
      expect(refused.output).toContain('source:app');
    } finally {
      await workspace.git('checkout', '--quiet', '--force', 'main');
    }
  });

  it('never reads a verdict back: one written by hand has no effect', async () => {
    await verify('apps/app');
    const verdict = await workspace.read(`${APP}/.proof/verify/verdict.json`);
    expect(verdict).toContain('"PASSED"');
    await flipByte(MAIN);
    const refused = await verify('apps/app');
    expect(refused.code, refused.output).toBe(1);
    await workspace.write(`${APP}/.proof/verify/verdict.json`, verdict);
    expect((await verify('--all')).code).toBe(1);
    expect(await workspace.read(`${APP}/.proof/verify/verdict.json`)).toContain('"FAILED"');
  });

  it('notices both ways when more than 1,000 files are listed in a manifest', async () => {
    for (let index = 0; index < 1001; index += 1) await workspace.write(`${LIB}/src/many/${index}.txt`, `${index}\n`);
    await prove();
    const manifest = `${LIB}/.proof/create/manifest.json`;
    expect((await workspace.json(manifest))['files']).toHaveLength(1002);
    expect(await verify(LIB)).toMatchObject({ code: 0 });

    await flipByte(`${LIB}/dist/many/500.txt`);
    const changed = await verify(LIB);
    expect(changed.code, changed.output).toBe(1);
    expect(changed.output).toContain(`${LIB}/dist/many/500.txt`);
    await flipByte(`${LIB}/dist/many/500.txt`);

    await workspace.write(`${LIB}/dist/many/1001.txt`, '');
    expect((await verify(LIB)).output).toMatch(/SUBJECT_EXTRA[^]*libs\/lib\/dist\/many\/1001\.txt|libs\/lib\/dist\/many\/1001\.txt[^]*SUBJECT_EXTRA/);
    await rm(workspace.path(`${LIB}/dist/many/1001.txt`));

    await workspace.write(manifest, (await workspace.read(manifest)).replace('"size":4', '"size":5'));
    const edited = await verify(LIB);
    expect(edited.code, edited.output).toBe(1);
    expect(edited.output).toContain(manifest);
  });
});
