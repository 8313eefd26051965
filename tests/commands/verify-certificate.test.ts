import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { chooseTrust } from '../../src/commands/trust-choice';
import { verifyMany, verifyProof } from '../../src/commands/verify';
import { jsonDocument } from '../../src/model/json';
import type { Statement } from '../../src/model/types';
import { editBundle, placeBundle, signKeyless } from '../support/certificates';
import { checkOf, failures, files, loadTestPolicy, prove, publish, testKey, verify } from '../support/proofs';
import { startSigstore, type Sigstore } from '../support/sigstore';
import { TestWorkspace } from '../support/workspace';

const REPOSITORY = 'https://github.com/acme/widgets';
const WORKFLOW = 'acme/widgets/.github/workflows/release.yml@refs/heads/main';
const JOB = { GITHUB_ACTIONS: 'true', GITHUB_WORKFLOW_REF: WORKFLOW, GITHUB_REPOSITORY: 'acme/widgets', GITHUB_RUN_ID: '7' };
const PERSON = Object.fromEntries(['job_workflow_ref', 'repository', 'repository_owner', 'workflow_ref', 'sha', 'ref', 'run_id'].map((name) => [name, undefined]));

let sigstore: Sigstore;
let ws: TestWorkspace;
let head: string;
beforeAll(async () => {
  sigstore = await startSigstore();
  ws = await TestWorkspace.create([{ name: 'app' }, { name: 'lib' }]);
  ws.git('remote', 'add', 'origin', 'git@github.com:acme/widgets.git');
  await ws.write('trusted_root.json', JSON.stringify(sigstore.trustedRoot));
  head = ws.git('rev-parse', 'HEAD').trim();
});
afterAll(async () => {
  await sigstore.close();
  await ws.remove();
});

const signer = (): object => ({ issuer: sigstore.oidc.url, identity: sigstore.identity });
const writePolicy = (rule: object = {}, trust: object = { root: { file: 'trusted_root.json' } }): Promise<void> =>
  ws.write('proof.policy.json', JSON.stringify({ version: 1, trust, rules: [{ projects: ['*'], signers: [signer()], ...rule }] }));
async function under(rule: object = {}, name = 'app') {
  await writePolicy(rule);
  return verify(ws, name);
}

/** Creates the proof in the job that the certificate is for, unless something else is given. */
async function proveKeyless({ claims = {}, edit, name = 'app', kind = 'v1' }: { claims?: object; edit?: (statement: Statement) => void; name?: string; kind?: 'v1' | 'v1+tsa' | 'v2' | 'tsa' } = {}): Promise<void> {
  await ws.create(name, {}, JOB);
  const statement = await ws.json<Statement>(files(ws, name).statement);
  edit?.(statement);
  await placeBundle(ws, await signKeyless(sigstore, Buffer.from(jsonDocument(statement)), { sha: head, ...claims }, kind), sigstore.oidc.url, name);
}

describe('a proof signed with a certificate', () => {
  it.each(['v1', 'v1+tsa', 'v2'] as const)('passes with %s, and its claims are vouched for', async (kind) => {
    await proveKeyless({ kind });
    const verdict = await under({ builderId: sigstore.identity, sourceRepository: REPOSITORY, sourceRef: 'refs/heads/main' });
    expect(verdict.checks.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(verdict).toMatchObject({ result: 'PASSED', signer: { kind: 'certificate', issuer: sigstore.oidc.url, identity: sigstore.identity } });
    for (const name of ['signature', 'identity', 'builder', 'source', 'envelope'] as const) expect(checkOf(verdict, name).status, name).toBe('passed');
  });

  it('passes without a log where the rule allows it, and not where it does not', async () => {
    await proveKeyless({ kind: 'tsa' });
    expect((await under({ tlog: 'none' })).result).toBe('PASSED');
    expect((await under({ tlog: 'optional', timestamp: 'required' })).result).toBe('PASSED');
    expect(failures(await under())).toEqual(['signature TLOG_REQUIRED']);
  });

  it('has claims of its statement asserted when the certificate is of a person', async () => {
    await proveKeyless({ claims: { ...PERSON, email: 'dev@acme.example', email_verified: true, sha: undefined } });
    const signers = [{ issuer: sigstore.oidc.url, identity: 'dev@acme.example' }];
    const verdict = await under({ signers });
    expect(verdict).toMatchObject({ result: 'PASSED', signer: { identity: 'dev@acme.example' } });
    expect([checkOf(verdict, 'builder').status, checkOf(verdict, 'source').status]).toEqual(['asserted', 'asserted']);
    expect(failures(await under({ signers, builderId: sigstore.identity, sourceRepository: REPOSITORY }))).toEqual(['builder CLAIM_ASSERTED', 'source CLAIM_ASSERTED']);
    expect((await under({ signers, builderId: sigstore.identity, sourceRepository: REPOSITORY, acceptAsserted: true })).result).toBe('PASSED');
    expect(failures(await under({ signers, sourceRef: 'refs/heads/main', acceptAsserted: true }))).toEqual(['source SOURCE_NOT_ALLOWED']);
  });

  it('is refused for a signer that no rule names, and nothing of it is looked at: SIGNER_NOT_ALLOWED', async () => {
    await proveKeyless();
    for (const other of [{ identity: 'https://github.com/acme' }, { identity: sigstore.identity.replace('release', 'ci') }, { issuer: 'https://token.actions.githubusercontent.com' }]) {
      const verdict = await under({ signers: [{ ...signer(), ...other }] });
      expect(failures(verdict)).toEqual(['identity SIGNER_NOT_ALLOWED']);
      expect(checkOf(verdict, 'identity').message).toContain(`${sigstore.identity} of the issuer ${sigstore.oidc.url}`);
      expect(checkOf(verdict, 'statement').status).toBe('unchecked');
      expect(verdict.result).toBe('FAILED');
    }
  });

  it('is refused when its statement names another builder, repository or commit than the certificate', async () => {
    await proveKeyless({ edit: (statement) => void (statement.predicate.runDetails.builder.id = 'https://github.com/acme/other/.github/workflows/x.yml@refs/heads/main') });
    expect(failures(await under())).toEqual(['builder BUILDER_MISMATCH']);
    await proveKeyless({ edit: (statement) => void (statement.predicate.buildDefinition.resolvedDependencies[0]!.uri = 'git+https://github.com/acme/other') });
    expect(failures(await under())).toEqual(['source SOURCE_NOT_ALLOWED']);
    await proveKeyless({ claims: { sha: 'b'.repeat(40) } });
    expect(failures(await under())).toEqual(['source SOURCE_NOT_ALLOWED']);
  });

  it('is refused when the rule asks for another builder, repository or ref', async () => {
    await proveKeyless();
    expect(failures(await under({ builderId: `${sigstore.identity}x`, acceptAsserted: true }))).toEqual(['builder BUILDER_NOT_ALLOWED']);
    expect(failures(await under({ sourceRepository: 'https://github.com/acme/widget', acceptAsserted: true }))).toEqual(['source SOURCE_NOT_ALLOWED']);
    expect(failures(await under({ sourceRef: 'refs/heads/mai', acceptAsserted: true }))).toEqual(['source SOURCE_NOT_ALLOWED']);
  });

  it('names the issuer in its envelope', async () => {
    await proveKeyless();
    await placeBundle(ws, Buffer.from(await ws.read(files(ws).bundle)), 'https://other');
    expect(failures(await under())).toEqual(['envelope ENVELOPE_MISMATCH']);
  });

  it('and one signed with a key are told apart by the rule', async () => {
    const key = testKey();
    await publish(ws, key);
    await proveKeyless();
    const byCertificate = await under({ signers: [{ key: key.fingerprint }] });
    expect(failures(byCertificate)).toEqual(['signature SIGNER_NOT_ALLOWED']);
    expect((await under({ signers: [{ key: key.fingerprint }, signer()] })).result).toBe('PASSED');
    await prove(ws, key);
    expect(failures(await under())).toEqual(['signature SIGNER_NOT_ALLOWED']);
    expect((await under({ signers: [{ key: key.fingerprint }, signer()] })).result).toBe('PASSED');
  });

  it('is refused with a tampered log entry', async () => {
    await proveKeyless();
    const bundle = Buffer.from(await ws.read(files(ws).bundle));
    await placeBundle(ws, editBundle(bundle, (json) => void (json.verificationMaterial.tlogEntries[0]!.logIndex += '1')), sigstore.oidc.url);
    expect(failures(await under())).toEqual(['signature TLOG_REQUIRED']);
  });
});

describe('the trust root of a verification', () => {
  it('is read once for all projects, and opens no connection when it is a file', async () => {
    await proveKeyless();
    await proveKeyless({ name: 'lib' });
    await writePolicy();
    const policy = await loadTestPolicy(ws);
    const before = [sigstore.fulcio, sigstore.rekor, sigstore.tsa].map(({ connections }) => connections);
    const outcomes = await ws.run((session) => verifyMany(session, ['app', 'lib'].map((name) => ({ project: ws.project(name), policy }))));
    expect(outcomes.map((outcome) => 'verdict' in outcome && outcome.verdict.result)).toEqual(['PASSED', 'PASSED']);
    expect([sigstore.fulcio, sigstore.rekor, sigstore.tsa].map(({ connections }) => connections)).toEqual(before);
  });

  it('is the one that the caller names, over that of the policy', async () => {
    await proveKeyless();
    await writePolicy({}, {});
    const policy = await loadTestPolicy(ws);
    const offline = await chooseTrust(policy, ws.root, { offline: true });
    const seeded = await ws.run((session) => verifyProof(session, { project: ws.project(), policy: offline }), { HOME: ws.root, XDG_CONFIG_HOME: ws.file('config'), APPDATA: ws.file('config') });
    // The seed of the public-good instance knows nothing of this one.
    expect(failures(seeded)).toEqual(['signature SIGNATURE_INVALID']);
    const chosen = await chooseTrust(policy, ws.root, { trustedRoot: 'trusted_root.json', offline: true });
    expect((await ws.run((session) => verifyProof(session, { project: ws.project(), policy: chosen }))).result).toBe('PASSED');
    expect(chosen.sha256).toBe(policy.sha256);
  });

  it('must have a start of validity for everything: TRUSTED_ROOT_INVALID', async () => {
    await proveKeyless();
    const root = structuredClone(sigstore.trustedRoot) as { certificateAuthorities: { validFor: { start?: string } }[] };
    delete root.certificateAuthorities[0]!.validFor.start;
    await writeFile(path.join(ws.root, 'bad.json'), JSON.stringify(root));
    await writePolicy({}, { root: { file: 'bad.json' } });
    await expect(verify(ws)).rejects.toMatchObject({ code: 'TRUSTED_ROOT_INVALID' });
    const policy = await loadTestPolicy(ws);
    await expect(chooseTrust(policy, ws.root, { trustedRoot: 'bad.json' })).rejects.toMatchObject({ code: 'TRUSTED_ROOT_INVALID' });
    await expect(chooseTrust(policy, ws.root, { trustedRoot: 'none.json' })).rejects.toMatchObject({ code: 'TRUSTED_ROOT_INVALID' });
  });
});
