import { cp, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256Hex } from '../../src/model/digest';
import { envelopeBinding, readEnvelope } from '../../src/model/envelope';
import { canonicalJson } from '../../src/model/json';
import { findDescriptor, readStatement } from '../../src/model/statement';
import { TestWorkspace } from '../support/workspace';

const CREATE = 'apps/app/.proof/create';
let ws: TestWorkspace;
beforeEach(async () => {
  ws = await TestWorkspace.create([{ name: 'app', dependencies: ['core', 'util', 'npm:left-pad'] }, { name: 'core', root: 'libs/core' }, { name: 'util', root: 'libs/util' }], {
    'pnpm-lock.yaml': 'lockfileVersion: 9\n',
  });
});
afterEach(() => ws.remove());

const statement = async () => readStatement(Buffer.from(await ws.read(`${CREATE}/statement.intoto.json`)));
const envelope = async () => readEnvelope(Buffer.from(await ws.read(`${CREATE}/envelope.proof.json`)));

describe('createProof', () => {
  it('writes a statement whose byproduct binds the envelope beside it', async () => {
    const result = await ws.create();
    expect(result).toEqual({ project: 'app', statementSha256: sha256Hex(await ws.read(`${CREATE}/statement.intoto.json`)), files: 2, bytes: 37, collapsed: false });
    const { byproducts } = (await statement()).predicate.runDetails;
    expect(findDescriptor(byproducts, 'proof-envelope')?.digest).toEqual({ sha256: envelopeBinding(await envelope()) });
  });

  it('names every file, then the root, by the digests of the bytes', async () => {
    await ws.create();
    const main = sha256Hex("exports.name = 'app';\n");
    const util = sha256Hex('// util of app\n');
    expect((await statement()).subject).toEqual([
      { name: 'apps/app/dist/lib/util.js', digest: { sha256: util } },
      { name: 'apps/app/dist/main.js', digest: { sha256: main } },
      { name: 'apps/app/dist', digest: { dirHash: sha256Hex(`${util}  lib/util.js\n${main}  main.js\n`) } },
    ]);
  });

  it('records the statement of a dependency that has one, and none for the others', async () => {
    const core = await ws.create('core');
    await ws.create();
    const { resolvedDependencies } = (await statement()).predicate.buildDefinition;
    expect(resolvedDependencies.map(({ name }) => name)).toEqual(['repository', 'source:app', 'lockfile', 'nx:core', 'nx:util']);
    expect(findDescriptor(resolvedDependencies, 'nx:core')?.digest).toEqual({ sha256: core.statementSha256 });
    expect(findDescriptor(resolvedDependencies, 'nx:util')).toEqual({ name: 'nx:util', uri: 'workspace:/libs/util/', annotations: { proof: 'none' } });
    expect(findDescriptor(resolvedDependencies, 'lockfile')?.digest).toEqual({ sha256: sha256Hex('lockfileVersion: 9\n') });
  });

  it('leaves out a lock file that is not there', async () => {
    await rm(ws.file('pnpm-lock.yaml'));
    await ws.create();
    expect(findDescriptor((await statement()).predicate.buildDefinition.resolvedDependencies, 'lockfile')).toBeUndefined();
  });

  it('gives the same bytes on repetition and in a clone at another path', async () => {
    await ws.create();
    const first = [await ws.read(`${CREATE}/statement.intoto.json`), await ws.read(`${CREATE}/envelope.proof.json`)];
    await ws.create();
    expect([await ws.read(`${CREATE}/statement.intoto.json`), await ws.read(`${CREATE}/envelope.proof.json`)]).toEqual(first);
    const elsewhere = await realpath(await mkdtemp(path.join(os.tmpdir(), 'nx-proof-elsewhere-')));
    const original = ws.root;
    try {
      await cp(ws.root, elsewhere, { recursive: true });
      await rm(path.join(elsewhere, 'apps/app/.proof'), { recursive: true });
      Object.assign(ws, { root: elsewhere });
      await ws.create();
      expect([await ws.read(`${CREATE}/statement.intoto.json`), await ws.read(`${CREATE}/envelope.proof.json`)]).toEqual(first);
      expect(first.join('')).not.toContain(original);
    } finally {
      Object.assign(ws, { root: original });
      await rm(elsewhere, { recursive: true, force: true });
    }
  });

  it('proves names that patterns and sorting get wrong', async () => {
    const names = ['[id].js', '(group)/page.js', 'a b.js', 'ü.js', 'u\u0308.js', '.hidden/x', '!neg.js', '{a,b}.js', '-dash', 'node_modules/dep/index.js', '\u{1F600}.js', '\uFF5E.js'];
    for (const name of names) await ws.write(`apps/app/dist/${name}`, name);
    await ws.create();
    const files = (await statement()).subject.filter(({ digest }) => digest.sha256 !== undefined).map(({ name }) => name);
    const expected = [...names, 'main.js', 'lib/util.js'].map((name) => `apps/app/dist/${name}`);
    expect(files).toEqual(expected.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  });

  it('records sha512 on request, the builder and invocation of CI, and SOURCE_DATE_EPOCH', async () => {
    const env = { GITHUB_ACTIONS: 'true', CI: 'true', GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'acme/w', GITHUB_RUN_ID: '7', GITHUB_RUN_ATTEMPT: '1' };
    const workflow = 'acme/w/.github/workflows/ci.yml@refs/heads/main';
    await ws.create('app', { options: { sha512: true }, configuration: 'production' }, { ...env, GITHUB_WORKFLOW_REF: workflow, SOURCE_DATE_EPOCH: '0' });
    const { subject, predicate } = await statement();
    expect(subject[0]?.digest.sha512).toMatch(/^[0-9a-f]{128}$/);
    expect(predicate.runDetails.builder.id).toBe(`https://github.com/${workflow}`);
    expect(predicate.runDetails.metadata).toEqual({ invocationId: 'https://github.com/acme/w/actions/runs/7/attempts/1', startedOn: '1970-01-01T00:00:00Z', finishedOn: '1970-01-01T00:00:00Z' });
    expect(predicate.buildDefinition.externalParameters.configuration).toBe('production');
    expect((await envelope()).actor).toEqual({ agent: 'nx-proof', role: 'builder', runId: 'https://github.com/acme/w/actions/runs/7/attempts/1' });
  });

  it('passes the options of the envelope through', async () => {
    const options = { actor: { agent: 'ci', role: 'release' }, context: { public: { ticket: 1 } }, policyReceipts: [{ name: 'lint', status: 'pass' as const }], trace: { otel: { traceId: 'a'.repeat(32) } } };
    await ws.create('app', { options });
    expect(await envelope()).toMatchObject(options);
  });

  it('follows a file root: the artifact is the file', async () => {
    ws.add({ name: 'app', artifacts: ['dist/main.js'], dependencies: [] });
    await ws.create();
    expect((await statement()).subject).toHaveLength(1);
    expect((await envelope()).artifact).toMatchObject({ uri: 'workspace:/apps/app/dist/main.js', mime: 'application/octet-stream' });
  });

  it.each([
    ['no declared outputs', { artifacts: undefined }, 'OUTPUTS_UNDECLARED'],
    ['unknown dependencies', { dependencies: undefined }, 'GRAPH_REQUIRED'],
    ['nothing built', { artifacts: ['{projectRoot}/out'] }, 'ARTIFACTS_EMPTY'],
    ['the project itself as root', { artifacts: ['{projectRoot}'] }, 'NESTED_PACKAGE'],
  ])('refuses %s', async (_name, change, code) => {
    await ws.write('apps/app/.proof/x', '');
    ws.projects.set('app', { ...ws.project(), ...change } as never);
    await expect(ws.create()).rejects.toMatchObject({ code });
  });

  it('refuses a link inside a root', async () => {
    await symlink('main.js', ws.file('apps/app/dist/link.js'));
    await expect(ws.create()).rejects.toMatchObject({ code: 'ARTIFACT_SYMLINK', message: expect.stringContaining('apps/app/dist/link.js') as string });
  });

  it("refuses another project's root inside a root", async () => {
    ws.add({ name: 'inner', root: 'apps/app/dist/lib' });
    await expect(ws.create()).rejects.toMatchObject({ code: 'NESTED_PACKAGE', message: expect.stringContaining('apps/app/dist/lib') as string });
  });
});

describe('createProof of more than 1000 files', () => {
  const build = async (count: number) => {
    for (let i = 0; i < count; i += 1) await ws.write(`apps/app/dist/chunks/${i}.js`, String(i));
  };

  it('collapses them into a manifest, and takes it away when they fit again', async () => {
    await build(1001);
    expect(await ws.create()).toMatchObject({ files: 1003, collapsed: true });
    const { subject } = await statement();
    const manifest = await ws.read(`${CREATE}/manifest.json`);
    expect(subject.map(({ name }) => name)).toEqual([`${CREATE}/manifest.json`, 'apps/app/dist']);
    expect(subject[0]?.digest).toEqual({ sha256: sha256Hex(manifest) });
    const { files } = JSON.parse(manifest) as { files: { path: string; size: number; sha256: string }[] };
    expect(files).toHaveLength(1003);
    expect(manifest).toBe(`${canonicalJson(JSON.parse(manifest))}\n`);
    expect((await envelope()).bundle?.files).toHaveLength(1);

    await rm(ws.file('apps/app/dist/chunks'), { recursive: true });
    await build(998);
    expect(await ws.create()).toMatchObject({ files: 1000, collapsed: false });
    await expect(ws.read(`${CREATE}/manifest.json`)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
