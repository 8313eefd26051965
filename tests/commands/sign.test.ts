import { createHash } from 'node:crypto';
import { access, readFile, rm, symlink } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { signProof, type SignResult } from '../../src/commands/sign';
import { readBundle } from '../../src/model/bundle';
import { envelopeBinding, readEnvelope } from '../../src/model/envelope';
import { jsonDocument } from '../../src/model/json';
import type { ProofEnvelope, Statement } from '../../src/model/types';
import { generatePrivateKey, keySigner, type StatementSigner } from '../../src/sign';
import { TestWorkspace } from '../support/workspace';

const STATEMENT = 'apps/app/.proof/create/statement.intoto.json';
const ENVELOPE = 'apps/app/.proof/create/envelope.proof.json';
const MANIFEST = 'apps/app/.proof/create/manifest.json';
const BUNDLE = 'apps/app/.proof/sign/bundle.sigstore.json';
const SIGNED_ENVELOPE = 'apps/app/.proof/sign/envelope.proof.json';

const signer = keySigner(generatePrivateKey('ecdsa-p256'));
const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

const workspaces: TestWorkspace[] = [];
afterEach(() => Promise.all(workspaces.splice(0).map((workspace) => workspace.remove())));

async function workspaceOf(names: readonly string[], files: Readonly<Record<string, string>> = {}): Promise<TestWorkspace> {
  const workspace = await TestWorkspace.create(names.map((name) => ({ name })), files);
  workspaces.push(workspace);
  return workspace;
}

async function created(files: Readonly<Record<string, string>> = {}): Promise<TestWorkspace> {
  const workspace = await workspaceOf(['app'], files);
  await workspace.create();
  return workspace;
}

function sign(workspace: TestWorkspace, by: StatementSigner = signer, env: Readonly<Record<string, string>> = {}): Promise<SignResult> {
  return workspace.run((session) => signProof(session, { project: workspace.project(), signer: by }), env);
}

/** A signer that records what it is given. */
function recording(): { signer: StatementSigner; signed: Uint8Array[] } {
  const signed: Uint8Array[] = [];
  return { signed, signer: { ...signer, sign: (payload) => (signed.push(payload), signer.sign(payload)) } };
}

/** Signing is refused so early that the signer sees nothing, and nothing is written. */
async function refused(workspace: TestWorkspace, error: Record<string, unknown>, env: Readonly<Record<string, string>> = {}): Promise<void> {
  const recorder = recording();
  await expect(sign(workspace, recorder.signer, env)).rejects.toMatchObject(error);
  expect(recorder.signed).toEqual([]);
  await expect(access(workspace.file(BUNDLE))).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(access(workspace.file(SIGNED_ENVELOPE))).rejects.toMatchObject({ code: 'ENOENT' });
}

const saying = (text: string): unknown => expect.stringContaining(text);

async function editStatement(workspace: TestWorkspace, edit: (statement: Statement) => void): Promise<void> {
  const statement = await workspace.json<Statement>(STATEMENT);
  edit(statement);
  await workspace.write(STATEMENT, jsonDocument(statement));
}

describe('signProof', () => {
  it.each(['ecdsa-p256', 'ed25519'] as const)('when nothing changed it signs the very bytes of the statement with %s', async (type) => {
    const workspace = await created();
    const by = keySigner(generatePrivateKey(type));
    const result = await sign(workspace, by);
    const statement = await readFile(workspace.file(STATEMENT));
    const bundle = await readFile(workspace.file(BUNDLE));
    expect(readBundle(bundle).payload.equals(statement)).toBe(true);
    expect((await by.verify(bundle)).equals(statement)).toBe(true);
    expect(result).toEqual({ project: 'app', statementSha256: sha256(statement), bundleSha256: sha256(bundle), issuer: by.issuer });
  });

  it('when it has signed the envelope is the unsigned one with the bundle as its attestation', async () => {
    const workspace = await created();
    await sign(workspace);
    const signed = readEnvelope(await readFile(workspace.file(SIGNED_ENVELOPE)));
    const unsigned = await workspace.json<ProofEnvelope>(ENVELOPE);
    const { attestations, ...rest } = signed;
    expect(rest).toEqual(unsigned);
    expect(attestations).toEqual([
      {
        type: 'in-toto',
        predicateType: 'https://slsa.dev/provenance/v1',
        statement: (await readFile(workspace.file(BUNDLE))).toString('base64'),
        signing: { method: 'sigstore-cosign', issuer: signer.issuer },
      },
    ]);
    expect(envelopeBinding(signed)).toBe(envelopeBinding(unsigned));
    expect(await workspace.read(SIGNED_ENVELOPE)).toBe(jsonDocument(signed));
  });

  it('when it signs again it replaces what it wrote', async () => {
    const workspace = await created();
    await sign(workspace, keySigner(generatePrivateKey('ecdsa-p256')));
    const second = await sign(workspace);
    expect(sha256(await readFile(workspace.file(BUNDLE)))).toBe(second.bundleSha256);
    expect((await workspace.json<ProofEnvelope>(SIGNED_ENVELOPE)).attestations).toMatchObject([{ signing: { issuer: signer.issuer } }]);
  });

  it('when subjects are collapsed it holds the artifacts against the manifest', async () => {
    const files = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`apps/app/dist/f${index}.js`, `${index}`]));
    const workspace = await created(files);
    expect((await workspace.json<Statement>(STATEMENT)).subject.map(({ name }) => name)).toEqual([MANIFEST, 'apps/app/dist']);
    await sign(workspace);
    await rm(workspace.file('apps/app/.proof/sign'), { recursive: true });
    await workspace.write('apps/app/dist/f500.js', 'changed');
    await refused(workspace, { code: 'SUBJECT_CHANGED', message: saying('apps/app/dist/f500.js') });
    await workspace.write('apps/app/dist/f500.js', '500');
    await workspace.write(MANIFEST, (await workspace.read(MANIFEST)).replace('f500.js', 'f500.mjs'));
    await refused(workspace, { code: 'SUBJECT_CHANGED', message: saying(MANIFEST) });
  });
});

describe('signProof of other sources', () => {
  it('when the sources changed after proof-create it refuses and names them', async () => {
    const workspace = await created();
    await workspace.write('apps/app/src/main.ts', 'export {};\n');
    await refused(workspace, { code: 'SOURCE_MISMATCH', message: saying('source:app') });
  });

  it('when there is no git repository to compare with it signs', async () => {
    const workspace = await created();
    await rm(workspace.file('.git'), { recursive: true });
    await expect(sign(workspace)).resolves.toMatchObject({ project: 'app' });
  });
});

describe('signProof of artifacts that changed', () => {
  const CHANGES: readonly [string, string, (workspace: TestWorkspace) => Promise<unknown>][] = [
    ['a byte changed', 'apps/app/dist/main.js', (ws) => ws.write('apps/app/dist/main.js', "exports.name = 'apq';\n")],
    ['a file is gone', 'apps/app/dist/lib/util.js', (ws) => rm(ws.file('apps/app/dist/lib/util.js'))],
    ['a file is new', 'apps/app/dist/new.js', (ws) => ws.write('apps/app/dist/new.js', 'x')],
    ['a file is new in node_modules', 'apps/app/dist/node_modules/x/index.js', (ws) => ws.write('apps/app/dist/node_modules/x/index.js', 'x')],
    ['a dot file is new', 'apps/app/dist/.hidden/x', (ws) => ws.write('apps/app/dist/.hidden/x', 'x')],
    ['a link is new', 'apps/app/dist/link', (ws) => symlink('main.js', ws.file('apps/app/dist/link'))],
    ['all are gone', 'apps/app/dist/main.js', (ws) => rm(ws.file('apps/app/dist'), { recursive: true })],
  ];

  it.each(CHANGES)('when %s it refuses and names %s', async (_what, file, change) => {
    const workspace = await created();
    await change(workspace);
    await refused(workspace, { code: 'SUBJECT_CHANGED', message: saying(file) });
  });

  it('when many changed it names twenty', async () => {
    const files = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`apps/app/dist/many/f${index}.js`, `${index}`]));
    const workspace = await created(files);
    for (const name of Object.keys(files)) await workspace.write(name, 'changed');
    await refused(workspace, { code: 'SUBJECT_CHANGED', message: saying('and 30 more'), details: { project: 'app', total: 50 } });
  });
});

describe('signProof of a statement that is not to be signed', () => {
  it('when there is none it says what to run', async () => {
    await refused(await workspaceOf(['app']), { code: 'STATEMENT_NOT_FOUND', message: saying('app') });
  });

  it('when another builder made it it refuses', async () => {
    const github = { GITHUB_ACTIONS: 'true', GITHUB_WORKFLOW_REF: 'acme/shop/.github/workflows/ci.yml@refs/heads/main' };
    const local = await created();
    await refused(local, { code: 'BUILDER_MISMATCH', message: saying('builder/local/v1') }, github);
    const ci = await workspaceOf(['app']);
    await ci.create('app', {}, github);
    await refused(ci, { code: 'BUILDER_MISMATCH', message: saying('.github/workflows/ci.yml@refs/heads/main') });
    await sign(ci, signer, github);
  });

  it('when it is about another project it refuses', async () => {
    const workspace = await workspaceOf(['app', 'lib']);
    await workspace.create('app');
    await workspace.create('lib');
    await workspace.write(STATEMENT, await workspace.read('apps/lib/.proof/create/statement.intoto.json'));
    await workspace.write(ENVELOPE, await workspace.read('apps/lib/.proof/create/envelope.proof.json'));
    await refused(workspace, { code: 'PROJECT_MISMATCH', message: saying('lib') });
  });

  it('when a subject lies outside of the artifact roots, or none is left, it refuses', async () => {
    const workspace = await created();
    await editStatement(workspace, (statement) => statement.subject.push({ name: 'nx.json', digest: { sha256: sha256('{}\n') } }));
    await refused(workspace, { code: 'STATEMENT_INVALID', message: saying('nx.json') });
    await editStatement(workspace, (statement) => statement.subject.splice(0));
    await refused(workspace, { code: 'STATEMENT_INVALID' });
  });

  it('when the bytes are not canonical it refuses', async () => {
    const workspace = await created();
    await workspace.write(STATEMENT, JSON.stringify(await workspace.json(STATEMENT), null, 2));
    await refused(workspace, { code: 'STATEMENT_INVALID', message: saying('RFC 8785') });
  });

  it('when it is cut off or far too large it refuses', async () => {
    const workspace = await created();
    const text = await workspace.read(STATEMENT);
    await workspace.write(STATEMENT, text.slice(0, text.length / 2));
    await refused(workspace, { code: 'JSON_INVALID' });
    await workspace.write(STATEMENT, Buffer.alloc(17 * 1024 * 1024, ' '));
    await refused(workspace, { code: 'FILE_TOO_LARGE' });
  });

  it('when the envelope is not the one that it binds, or is gone, it refuses', async () => {
    const workspace = await created();
    const envelope = await workspace.json<ProofEnvelope>(ENVELOPE);
    await workspace.write(ENVELOPE, jsonDocument({ ...envelope, actor: { agent: 'someone else', role: 'builder' } }));
    await refused(workspace, { code: 'ENVELOPE_MISMATCH', message: saying('envelope.proof.json') });
    await workspace.write(ENVELOPE, '{"proofSpec":"other"}\n');
    await refused(workspace, { code: 'ENVELOPE_INVALID' });
    await rm(workspace.file(ENVELOPE));
    await refused(workspace, { code: 'STATEMENT_NOT_FOUND', message: saying('proof envelope') });
    await workspace.write(ENVELOPE, jsonDocument(envelope));
    await editStatement(workspace, (statement) => statement.predicate.runDetails.byproducts.splice(0));
    await refused(workspace, { code: 'ENVELOPE_MISMATCH', message: saying('binds none') });
  });
});

describe('signProof with a signer that is broken', () => {
  const other = keySigner(generatePrivateKey('ecdsa-p256'));

  it.each([
    ['signs with another key', { ...signer, sign: (payload: Uint8Array) => other.sign(payload) }],
    ['signs something else', { ...signer, sign: () => signer.sign(Buffer.from('{}')) }],
  ])('when it %s nothing is written', async (_what, broken: StatementSigner) => {
    const workspace = await created();
    await expect(sign(workspace, broken)).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
    await expect(access(workspace.file(BUNDLE))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('when it fails the failure carries the project', async () => {
    const workspace = await created();
    const failing = { ...signer, sign: () => Promise.reject(new Error('the device is gone')) };
    await expect(sign(workspace, failing)).rejects.toMatchObject({ code: 'INTERNAL', message: 'project app: the device is gone' });
  });

  it('when the folder cannot be made it is a failure of the environment', async () => {
    const workspace = await created();
    await workspace.write('apps/app/.proof/sign', 'a file in its place');
    await expect(sign(workspace)).rejects.toMatchObject({ code: 'IO_ERROR', message: saying('project app') });
  });
});
