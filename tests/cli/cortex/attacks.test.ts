import { rm, symlink, writeFile, copyFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attestEnvelope } from '../../../src/model/envelope';
import { jsonDocument } from '../../../src/model/json';
import type { ProofEnvelope } from '../../../src/model/types';
import { BUNDLE } from '../../support/cli-workspace';
import { EnvelopeWorkspace, failedChecks } from '../../support/envelopes';
import { files, signBytes, testKey, verify } from '../../support/proofs';

const REPORT = 'apps/app/report.md';
const PROOF = `${REPORT}.proof.json`;

let w: EnvelopeWorkspace;
beforeEach(async () => {
  w = await EnvelopeWorkspace.create();
  await w.ws.write('apps/app/data.csv', '1\n');
  await w.ws.write('docs/source.txt', 'one\ntwo\nthree\n');
  await w.prove(REPORT, '--bundle', 'apps/app/data.csv', '--evidence', '[{"type":"file","path":"docs/source.txt","lines":{"start":2,"end":2},"quote":"two"}]');
  expect(await w.verdict(PROOF)).toMatchObject({ result: 'PASSED' });
});
afterEach(() => w.remove());

/** The envelope is refused by these checks, whether or not unsigned ones are accepted. */
async function refused(expected: readonly string[], ...options: string[]): Promise<void> {
  for (const also of [[], ['--allow-unsigned']]) {
    const verdict = await w.verdict(PROOF, ...options, ...also);
    expect(verdict.result).toBe('FAILED');
    expect(failedChecks(verdict)).toEqual(expected);
  }
}

describe('files that were edited after signing', () => {
  it.each([
    ['the artifact', REPORT, ['subjects SUBJECT_MISMATCH'], REPORT],
    ['a file of the bundle', 'apps/app/data.csv', ['subjects SUBJECT_MISMATCH'], 'apps/app/data.csv'],
    ['the evidence', 'docs/source.txt', ['evidence EVIDENCE_MISMATCH'], 'docs/source.txt'],
  ])('%s', async (_, file, expected, named) => {
    await w.ws.write(file, 'edited\n');
    await refused(expected);
    expect((await w.run(['verify', PROOF])).stdout).toContain(named);
  });

  it.each([
    ['missing', () => rm(w.ws.file('apps/app/data.csv')), ['subjects SUBJECT_MISSING']],
    ['a link', () => rm(w.ws.file(REPORT)).then(() => symlink('data.csv', w.ws.file(REPORT))), ['subjects SUBJECT_MISMATCH']],
    ['a folder', () => rm(w.ws.file(REPORT)).then(() => w.ws.write(`${REPORT}/x`, '')), ['subjects SUBJECT_MISMATCH']],
    ['missing, of the evidence', () => rm(w.ws.file('docs/source.txt')), ['evidence EVIDENCE_MISMATCH']],
  ] as const)('are %s', async (_, change, expected) => {
    await change();
    await refused(expected);
  });
});

describe('an envelope that was edited after signing', () => {
  it.each<[string, (envelope: ProofEnvelope) => void]>([
    ['the context', (envelope) => (envelope.context.public['instruction'] = 'other')],
    ['the id', (envelope) => (envelope.id = '0'.repeat(26))],
    ['the time', (envelope) => (envelope.issuedAt = '2020-01-01T00:00:00Z')],
    ['the actor', (envelope) => (envelope.actor.role = 'boss')],
    ['the media type', (envelope) => (envelope.artifact.mime = 'text/html')],
    ['the runtime', (envelope) => (envelope.runtime.model = 'other')],
    ['evidence that is gone', (envelope) => (envelope.evidence = [])],
    ['a quote that is gone', (envelope) => void Object.assign(envelope, { evidence: envelope.evidence.map(({ type, ...rest }) => ({ type, path: 'path' in rest ? rest.path : '', blobSha256: 'blobSha256' in rest ? rest.blobSha256 : '' })) })],
    ['a bundle that is gone', (envelope) => delete envelope.bundle],
    ['a receipt that was added', (envelope) => (envelope.policyReceipts = [{ name: 'wcag', status: 'pass' }])],
  ])('in %s', async (_, change) => {
    await w.edit(PROOF, change);
    await refused(['statement ENVELOPE_MISMATCH']);
  });

  it('in its quote: evidence and binding say so', async () => {
    await w.edit(PROOF, (envelope) => Object.assign(envelope.evidence[0] ?? {}, { quote: 'three' }));
    await refused(['evidence EVIDENCE_MISMATCH', 'statement ENVELOPE_MISMATCH']);
  });

  it('in its Merkle root', async () => {
    await w.edit(PROOF, (envelope) => Object.assign(envelope.bundle ?? {}, { merkleRoot: '0'.repeat(64) }));
    await refused(['subjects ENVELOPE_MISMATCH', 'statement ENVELOPE_MISMATCH']);
  });

  it('to name another file, of the same content', async () => {
    await copyFile(w.ws.file(REPORT), w.ws.file('apps/app/other.md'));
    await w.edit(PROOF, (envelope) => (envelope.artifact.uri = 'workspace:/apps/app/other.md'));
    await refused(['statement ENVELOPE_MISMATCH']);
  });

  it('by taking the attestation away: only --allow-unsigned accepts it, and does not call it verified', async () => {
    await w.edit(PROOF, (envelope) => delete envelope.attestations);
    expect(failedChecks(await w.verdict(PROOF))).toEqual(['signature SIGNATURE_MISSING']);
    expect(await w.verdict(PROOF, '--allow-unsigned')).toMatchObject({ result: 'UNSIGNED' });
  });

  it('to have a member twice', async () => {
    const text = await w.ws.read(PROOF);
    await w.ws.write(PROOF, text.replace('"actor":', '"actor":{"agent":"evil","role":"boss"},"actor":'));
    expect(await w.run(['verify', PROOF])).toMatchObject({ exitCode: 2, stdout: expect.stringContaining('an object has a member twice (ENVELOPE_INVALID, exit 2)') });
  });

  it.each([
    ['truncated', (text: string) => text.slice(0, -20), 'JSON_INVALID'],
    ['with a field that nobody knows', (text: string) => text.replace('"actor":', '"verified":true,"actor":'), 'ENVELOPE_INVALID'],
    ['empty', () => '', 'JSON_INVALID'],
  ])('%s', async (_, change, code) => {
    await w.ws.write(PROOF, change(await w.ws.read(PROOF)));
    for (const also of [[], ['--allow-unsigned']]) expect(await w.run(['verify', PROOF, ...also])).toMatchObject({ exitCode: 2, stdout: expect.stringContaining(`(${code}, exit 2)`) });
  });

  it('beyond the size of any envelope', async () => {
    await w.ws.write(PROOF, Buffer.alloc(17 * 1024 * 1024, 0x20));
    expect(await w.run(['verify', PROOF])).toMatchObject({ exitCode: 2, stdout: expect.stringContaining('(FILE_TOO_LARGE, exit 2)') });
  });
});

describe('an attestation', () => {
  it('of another envelope', async () => {
    await w.ws.write('apps/app/other.md', '# Report\n\nAll is well.\n');
    const other = await w.envelope(await w.prove('apps/app/other.md'));
    await w.edit(PROOF, (envelope) => Object.assign(envelope, { attestations: other.attestations }));
    await refused(['statement ENVELOPE_MISMATCH']);
  });

  it('of an earlier state of the same file', async () => {
    const { attestations } = await w.envelope(PROOF);
    await w.create();
    await w.edit(PROOF, (envelope) => Object.assign(envelope, { attestations }));
    await refused(['statement ENVELOPE_MISMATCH']);
  });

  it('that is the bundle of an Nx target, signed by the same key', async () => {
    await w.cli.prove('app');
    const bundle = await w.ws.read(`apps/app/${BUNDLE}`);
    const { attestations = [] } = await w.envelope(PROOF);
    await w.ws.write(PROOF, jsonDocument(attestEnvelope(await w.envelope(PROOF), Buffer.from(bundle), attestations[0]?.signing.issuer ?? '')));
    await refused(['predicate PREDICATE_UNSUPPORTED']);
    expect((await w.run(['verify', PROOF])).stdout).toContain('nx-proof/build/nx-target/v1\\", not'.replace('\\', ''));
  });

  it('put into the place of the bundle of an Nx target, is refused there', async () => {
    await w.cli.prove('app');
    const { attestations = [] } = await w.envelope(PROOF);
    await w.ws.write(`apps/app/${BUNDLE}`, Buffer.from(attestations[0]?.statement ?? '', 'base64'));
    const { stdout, exitCode } = await w.cli.run(['verify', 'apps/app']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('(PREDICATE_UNSUPPORTED, exit 1)');
  });

  it('by a key that nobody knows', async () => {
    await w.resign(PROOF, (statement) => statement, testKey().privateKey);
    await refused(['signature SIGNER_NOT_ALLOWED']);
  });

  it('by a key of the workspace that the rule does not name', async () => {
    const key = testKey();
    await w.ws.write(`proof.keys/${key.fingerprint}.pub.pem`, key.pem);
    const policy = await w.ws.json<{ rules: object[] }>('proof.policy.json');
    await w.ws.write('proof.policy.json', JSON.stringify({ ...policy, rules: [{ projects: ['lib'], signers: [{ key: key.fingerprint }] }, ...policy.rules] }));
    await w.resign(PROOF, (statement) => statement, key.privateKey);
    await refused(['signature SIGNER_NOT_ALLOWED']);
    expect((await w.run(['verify', PROOF])).stdout).toContain(key.fingerprint);
  });

  it('with another signature', async () => {
    await w.edit(PROOF, ({ attestations: [attestation] = [] }) => {
      const bundle = JSON.parse(Buffer.from(attestation?.statement ?? '', 'base64').toString()) as { dsseEnvelope: { signatures: [{ sig: string }] } };
      const signature = Buffer.from(bundle.dsseEnvelope.signatures[0].sig, 'base64');
      signature[10] = (signature[10] ?? 0) ^ 1;
      bundle.dsseEnvelope.signatures[0].sig = signature.toString('base64');
      Object.assign(attestation ?? {}, { statement: Buffer.from(jsonDocument(bundle)).toString('base64') });
    });
    await refused(['signature SIGNATURE_INVALID']);
  });

  it.each<[string, (statement: Record<string, never>) => unknown, string]>([
    ['a subject more', (statement) => ({ ...statement, subject: [...(statement['subject'] as unknown as object[]), { name: 'x', digest: { sha256: '0'.repeat(64) } }] }), 'statement STATEMENT_INVALID'],
    ['a subject less', (statement) => ({ ...statement, subject: (statement['subject'] as unknown as object[]).slice(1) }), 'statement STATEMENT_INVALID'],
    ['no subjects', ({ subject: _, ...statement }) => statement, 'statement STATEMENT_INVALID'],
    ['a member more', (statement) => ({ ...statement, extra: true }), 'statement STATEMENT_INVALID'],
    ['other bytes', (statement) => Buffer.from(JSON.stringify(statement)), 'statement STATEMENT_INVALID'],
    ['other external parameters', (statement) => within(statement, ['predicate', 'buildDefinition'], { externalParameters: { artifact: 'workspace:/other' } }), 'statement STATEMENT_INVALID'],
    ['other dependencies', (statement) => within(statement, ['predicate', 'buildDefinition'], { resolvedDependencies: [] }), 'statement STATEMENT_INVALID'],
    ['other times', (statement) => within(statement, ['predicate', 'runDetails', 'metadata'], { startedOn: '2020-01-01T00:00:00Z' }), 'statement STATEMENT_INVALID'],
    ['two byproducts', (statement) => within(statement, ['predicate', 'runDetails'], { byproducts: [{ name: 'x' }, { name: 'y' }] }), 'statement ENVELOPE_MISMATCH'],
    ['no builder', (statement) => within(statement, ['predicate', 'runDetails'], { builder: {} }), 'statement STATEMENT_INVALID'],
    ['the build type of Nx targets', (statement) => within(statement, ['predicate', 'buildDefinition'], { buildType: 'https://cortex-os.brainwav/nx-proof/build/nx-target/v1' }), 'predicate PREDICATE_UNSUPPORTED'],
    ['another predicate type', (statement) => ({ ...statement, predicateType: 'https://slsa.dev/provenance/v0.2' }), 'predicate PREDICATE_UNSUPPORTED'],
    ['no JSON', () => Buffer.from('{'), 'statement STATEMENT_INVALID'],
    ['null', () => Buffer.from('null'), 'predicate PREDICATE_UNSUPPORTED'],
  ])('by the right key over a statement with %s', async (_, change, expected) => {
    await w.resign(PROOF, change);
    await refused([expected]);
  });

  it.each<[string, (attestation: NonNullable<ProofEnvelope['attestations']>[number]) => void]>([
    ['issuer', (attestation) => (attestation.signing.issuer = 'https://accounts.example.com')],
    ['predicate type', (attestation) => (attestation.predicateType = 'https://example.com/other')],
    ['base64, which is sloppy', (attestation) => (attestation.statement = attestation.statement.replace(/=*$/, '=='))],
  ])('with another %s beside the bundle', async (_, change) => {
    await w.edit(PROOF, ({ attestations: [attestation] = [] }) => void (attestation && change(attestation)));
    await refused(['envelope ENVELOPE_MISMATCH']);
  });

  it('beside a second one', async () => {
    await w.edit(PROOF, (envelope) => envelope.attestations?.push(...envelope.attestations));
    await refused(['envelope ENVELOPE_MISMATCH']);
  });

  it.each([
    ['no JSON', 'AAAA', 'JSON_INVALID'],
    ['no bundle', Buffer.from('{}').toString('base64'), 'BUNDLE_INVALID'],
  ])('that is %s has to be one, also where unsigned envelopes are accepted', async (_, statement, code) => {
    await w.edit(PROOF, ({ attestations: [attestation] = [] }) => void Object.assign(attestation ?? {}, { statement }));
    for (const also of [[], ['--allow-unsigned']]) expect(await w.run(['verify', PROOF, ...also])).toMatchObject({ exitCode: 2, stdout: expect.stringContaining(`(${code}, exit 2)`) });
  });

  it('whose bundle can be read in two ways', async () => {
    await w.edit(PROOF, ({ attestations: [attestation] = [] }) => {
      const text = Buffer.from(attestation?.statement ?? '', 'base64').toString();
      Object.assign(attestation ?? {}, { statement: Buffer.from(text.replace('"payloadType":', '"payloadType":"x","payloadType":')).toString('base64') });
    });
    await refused(['bundle BUNDLE_AMBIGUOUS']);
  });

  it('in CI, under a rule for people\'s machines', async () => {
    const policy = await w.ws.json<{ rules: object[] }>('proof.policy.json');
    await w.ws.write('proof.policy.json', JSON.stringify({ ...policy, rules: policy.rules.map((rule) => ({ ...rule, scope: 'local' })) }));
    expect(await w.run(['verify', PROOF], { env: { CI: '1' } })).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('RULE_LOCAL_ONLY') });
  });

  it('by a key, under a rule that asks for a builder or a repository', async () => {
    const policy = await w.ws.json<{ rules: object[] }>('proof.policy.json');
    for (const [demand, expected] of [[{ builderId: 'https://b' }, 'builder BUILDER_NOT_ALLOWED'], [{ sourceRepository: 'git+https://github.com/acme/shop' }, 'source SOURCE_NOT_ALLOWED']] as const) {
      await w.ws.write('proof.policy.json', JSON.stringify({ ...policy, rules: policy.rules.map((rule) => ({ ...rule, ...demand })) }));
      await refused([expected]);
    }
  });
});

const within = (value: object, [name, ...rest]: readonly string[], change: object): object =>
  name === undefined ? { ...value, ...change } : { ...value, [name]: within((value as Record<string, object>)[name] ?? {}, rest, change) };

describe('the project whose rule counts', () => {
  const rules = async (...list: { projects: string[]; key: string }[]): Promise<void> =>
    w.ws.write('proof.policy.json', JSON.stringify({ version: 1, rules: list.map(({ projects, key }) => ({ projects, signers: [{ key }] })) }));

  it('is that of the folder: a proof that was moved is about files of another one', async () => {
    await copyFile(w.ws.file(PROOF), w.ws.file('libs/lib/report.md.proof.json'));
    const verdict = await w.verdict('libs/lib/report.md.proof.json');
    expect(failedChecks(verdict)).toEqual(['statement PROJECT_MISMATCH']);
    expect(verdict.project).toBe('lib');
  });

  it('is not that of whoever may sign for it: a signer of lib proves nothing of app by putting the proof into lib', async () => {
    const evil = testKey();
    await w.ws.write(`proof.keys/${evil.fingerprint}.pub.pem`, evil.pem);
    await rules({ projects: ['lib'], key: evil.fingerprint });
    await w.resign(PROOF, (statement) => statement, evil.privateKey);
    await copyFile(w.ws.file(PROOF), w.ws.file('libs/lib/report.md.proof.json'));
    expect(failedChecks(await w.verdict('libs/lib/report.md.proof.json'))).toEqual(['statement PROJECT_MISMATCH']);
    expect(failedChecks(await w.verdict(PROOF))).toEqual(['signature RULE_MISSING']);
  });

  it('is the innermost: the project around it does not cover its files', async () => {
    await w.ws.write('project.json', JSON.stringify({ name: 'whole' }));
    await copyFile(w.ws.file(PROOF), w.ws.file('x.proof.json'));
    expect(failedChecks(await w.verdict('x.proof.json'))).toEqual(['statement PROJECT_MISMATCH']);
    expect(await w.verdict('x.proof.json', '--project', 'app')).toMatchObject({ result: 'PASSED', project: 'app' });
  });

  it('has to be told where the proof lies in none', async () => {
    await copyFile(w.ws.file(PROOF), w.ws.file('x.proof.json'));
    await copyFile(w.ws.file(PROOF), path.join(w.cli.home, 'x.proof.json'));
    for (const proof of ['x.proof.json', path.join(w.cli.home, 'x.proof.json')]) {
      expect(await w.run(['verify', proof])).toMatchObject({ exitCode: 2, stdout: expect.stringContaining('(PROJECT_UNKNOWN, exit 2)') });
      expect(await w.run(['verify', proof, '--project', 'app'])).toMatchObject({ exitCode: 0 });
      expect(await w.run(['verify', proof, '--key', path.join(w.cli.home, 'nx-proof', 'signing.pub.pem')])).toMatchObject({ exitCode: 0 });
    }
    expect(await w.run(['verify', PROOF, '--project', 'none'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('(PROJECT_UNKNOWN, exit 2)') });
  });

  it('covers no file outside of the workspace, allowed or not', async () => {
    const outside = path.join(w.cli.home, 'out.md');
    await writeFile(outside, 'outside');
    await w.create(outside, '--out', 'apps/app/out.proof.json', '--allow-outside', w.cli.home);
    await w.sign('apps/app/out.proof.json', '--allow-outside', w.cli.home);
    expect(failedChecks(await w.verdict('apps/app/out.proof.json', '--allow-outside', w.cli.home))).toEqual(['statement PROJECT_MISMATCH']);
    expect(await w.run(['verify', 'apps/app/out.proof.json', '--allow-outside', w.cli.home, '--key', path.join(w.cli.home, 'nx-proof', 'signing.pub.pem')])).toMatchObject({ exitCode: 0 });
  });
});

describe('URIs', () => {
  /** An envelope that a trusted signer made by other means, with this artifact URI. */
  const withUri = async (uri: string): Promise<void> => {
    const { attestations: _, ...envelope } = await w.envelope(PROOF);
    await w.ws.write(PROOF, JSON.stringify({ ...envelope, artifact: { ...envelope.artifact, uri } }));
  };

  it.each([
    'workspace:/../outside.md',
    'workspace:/apps/../../outside.md',
    'workspace:/apps/app/../app/report.md',
    'workspace:/%2e%2e/outside.md',
    'workspace:/apps%2Fapp%2Freport.md',
    'workspace:/apps/app/%72eport.md',
    'workspace:/apps//app/report.md',
    'workspace:/apps/./app/report.md',
    'workspace:/apps/app/report.md%00',
    'workspace:/apps/app/report.md%0A',
    'workspace:/%E0%A4%A0%FF',
    'workspace:///apps/app/report.md',
    'workspace:/apps/app/report.md?x',
    'file://host/apps/app/report.md',
    'file:///etc/hostname',
    'file:///%2e%2e/etc/hostname',
    'file:///a%2Fb',
    'https://example.com/report.md',
    'data:text/plain,x',
  ])('of %s names no file that is read', async (uri) => {
    await withUri(uri);
    const { exitCode, stdout } = await w.run(['verify', PROOF, '--allow-unsigned']);
    expect(stdout).toMatch(/\((PATH_OUTSIDE|ARTIFACT_NAME), exit 2\)/);
    expect(stdout).not.toContain('SUBJECT');
    expect(exitCode).toBe(2);
    expect(await w.run(['sign', PROOF, '--key', w.key])).toMatchObject({ exitCode: 2 });
  });

  it('of the tool before nx-proof are file: URIs, and read within the workspace', async () => {
    await withUri(pathToFileURL(w.ws.file(REPORT)).href);
    expect(await w.run(['verify', PROOF, '--allow-unsigned'])).toMatchObject({ exitCode: 0 });
    await w.sign(PROOF);
    expect(await w.verdict(PROOF)).toMatchObject({ result: 'PASSED', project: 'app' });
    await withUri(`${pathToFileURL(w.ws.root).href}/libs/../apps/app/report.md`);
    expect(await w.run(['verify', PROOF, '--allow-unsigned'])).toMatchObject({ exitCode: 0 });
    await symlink(path.dirname(w.ws.file(REPORT)), w.ws.file('apps/linked'));
    await withUri(pathToFileURL(w.ws.file('apps/linked/report.md')).href);
    expect(await w.run(['verify', PROOF, '--allow-unsigned'])).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('ARTIFACT_SYMLINK') });
  });

  it('of two entries of the bundle are two files', async () => {
    const { bundle } = await w.envelope(PROOF);
    await w.edit(PROOF, (envelope) => Object.assign(envelope, { bundle: { files: [...(bundle?.files ?? []), ...(bundle?.files ?? [])] } }));
    for (const also of [[], ['--allow-unsigned']]) {
      expect(await w.run(['verify', PROOF, ...also])).toMatchObject({ exitCode: 2, stdout: expect.stringContaining('/bundle/files/1 names the file of /bundle/files/0') });
    }
  });

  it('with a final slash are those of an Nx target', async () => {
    await w.ws.create('app');
    await copyFile(w.ws.file(files(w.ws).unsigned), w.ws.file('apps/app/x.proof.json'));
    expect(await w.run(['verify', 'apps/app/x.proof.json', '--allow-unsigned'])).toMatchObject({ exitCode: 2, stdout: expect.stringContaining('this is the envelope of an Nx target, for "nx-proof verify"') });
    expect(await w.run(['verify', files(w.ws).unsigned])).toMatchObject({ exitCode: 2, stdout: expect.stringContaining('"nx-proof verify apps/app"') });
  });
});

describe('a statement of an envelope', () => {
  it('is no proof of a target, even if it names files of it', async () => {
    const key = testKey();
    await w.ws.create('app');
    await signBytes(w.ws, key, await w.payload(PROOF));
    await w.ws.write(`proof.keys/${key.fingerprint}.pub.pem`, key.pem);
    await w.ws.write('proof.policy.json', JSON.stringify({ version: 1, rules: [{ projects: ['*'], signers: [{ key: key.fingerprint }] }] }));
    expect(await verify(w.ws)).toMatchObject({ result: 'FAILED' });
  });
});
