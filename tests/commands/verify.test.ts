import { copyFile, cp, mkdir, readFile, rename, rm, symlink, unlink } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openSession } from '../../src/commands/session';
import { signProof } from '../../src/commands/sign';
import { verifyProof } from '../../src/commands/verify';
import { ProofError } from '../../src/errors';
import { jsonDocument } from '../../src/model/json';
import { CHECKS, type CheckName, type RefusalCode } from '../../src/model/verdict';
import { checkOf, failures, files, loadTestPolicy, prove, rebind, resign, signBytes, testKey, verify, writePolicy } from '../support/proofs';
import { TestWorkspace } from '../support/workspace';
import type { ProofEnvelope, Statement } from '../../src/model/types';

const key = testKey();
const stranger = testKey();
const DIST = 'apps/app/dist';

/** One proved workspace, copied for each test. */
let original: TestWorkspace;
let ws: TestWorkspace;

beforeAll(async () => {
  original = await TestWorkspace.create([{ name: 'app' }, { name: 'other' }]);
  await writePolicy(original, key);
  await prove(original, key, 'app', 'other');
});
afterAll(() => original.remove());
beforeEach(async () => {
  ws = await TestWorkspace.create([{ name: 'app' }, { name: 'other' }]);
  for (const part of ['apps', 'proof.policy.json', 'proof.keys']) await cp(original.file(part), ws.file(part), { recursive: true });
});
afterEach(() => ws.remove());

const file = (name: string): string => ws.file(`${DIST}/${name}`);
const bundle = (): Promise<Record<string, Record<string, unknown>> & { dsseEnvelope: { payload: string; signatures: { sig: string }[] } }> => ws.json(files(ws).bundle);
const dropEnvelope = (): Promise<void> => unlink(ws.file(files(ws).envelope));

describe('verifyProof', () => {
  it('passes a proof that is as it was made', async () => {
    const verdict = await verify(ws);
    expect(verdict).toMatchObject({ project: 'app', result: 'PASSED', signer: { kind: 'key', fingerprint: key.fingerprint }, subjects: { files: 2, bytes: 37 } });
    expect(verdict.checks.map(({ name }) => name)).toEqual([...CHECKS]);
    expect(Object.fromEntries(verdict.checks.map(({ name, status }) => [name, status]))).toEqual({
      bundle: 'passed', signature: 'passed', statement: 'passed', subjects: 'passed', envelope: 'passed', identity: 'passed',
      predicate: 'passed', builder: 'asserted', source: 'unchecked', freshness: 'passed', dependencies: 'unchecked',
    });
    expect(checkOf(verdict, 'identity').message).toBe(`the key ${key.fingerprint} is a signer of rules[0]`);
  });

  it('passes what signProof made', async () => {
    await ws.create();
    await rm(ws.file('apps/app/.proof/sign'), { recursive: true });
    await ws.run((session) => signProof(session, { project: ws.project(), signer: key.signer }));
    expect((await verify(ws)).result).toBe('PASSED');
  });

  it('passes with an Ed25519 key', async () => {
    const other = testKey('ed25519');
    await writePolicy(ws, other);
    await prove(ws, other);
    expect((await verify(ws)).result).toBe('PASSED');
  });

  it('passes with sha512 beside sha256', async () => {
    await ws.create('app', { options: { sha512: true } });
    await signBytes(ws, key, await ws.read(files(ws).statement));
    expect((await verify(ws)).result).toBe('PASSED');
  });

  describe('when artifacts were changed it names them', () => {
    it.each([
      ['one byte changed', 'SUBJECT_MISMATCH', [`${DIST}/main.js`], () => ws.write(`${DIST}/main.js`, "exports.name = 'apq';\n")],
      ['a file emptied', 'SUBJECT_MISMATCH', [`${DIST}/main.js`], () => ws.write(`${DIST}/main.js`, '')],
      ['a file added', 'SUBJECT_EXTRA', [`${DIST}/extra.js`], () => ws.write(`${DIST}/extra.js`, 'x')],
      ['an empty file added', 'SUBJECT_EXTRA', [`${DIST}/empty`], () => ws.write(`${DIST}/empty`, '')],
      ['a file added under node_modules', 'SUBJECT_EXTRA', [`${DIST}/node_modules/dep/index.js`], () => ws.write(`${DIST}/node_modules/dep/index.js`, 'x')],
      ['a file added under a dot folder', 'SUBJECT_EXTRA', [`${DIST}/.hidden/x`], () => ws.write(`${DIST}/.hidden/x`, 'x')],
      ['a file removed', 'SUBJECT_MISSING', [`${DIST}/lib/util.js`], () => unlink(file('lib/util.js'))],
      ['a file renamed', 'SUBJECT_MISSING', [`${DIST}/lib/util.js`, `${DIST}/lib/Util.js`], () => rename(file('lib/util.js'), file('lib/Util.js'))],
      ['two files swapped', 'SUBJECT_MISMATCH', [`${DIST}/lib/util.js`, `${DIST}/main.js`], async () => {
        await rename(file('main.js'), file('tmp'));
        await rename(file('lib/util.js'), file('main.js'));
        await rename(file('tmp'), file('lib/util.js'));
      }],
      ['a file of another project put in its place', 'SUBJECT_MISMATCH', [`${DIST}/main.js`], () => copyFile(ws.file('apps/other/dist/main.js'), file('main.js'))],
      ['everything removed', 'SUBJECT_MISSING', [`${DIST}/main.js`, `${DIST}/lib/util.js`, 'ARTIFACTS_EMPTY'], () => rm(ws.file(DIST), { recursive: true })],
      ['every file removed', 'SUBJECT_MISSING', [`${DIST}/main.js`, 'ARTIFACTS_EMPTY'], async () => {
        await rm(ws.file(DIST), { recursive: true });
        await mkdir(ws.file(DIST));
      }],
      ['a link planted', 'SUBJECT_EXTRA', [`${DIST}/link.js`, 'ARTIFACT_SYMLINK'], () => symlink('main.js', file('link.js'))],
      ['a file replaced by a link to the same bytes', 'SUBJECT_MISMATCH', [`${DIST}/main.js`, 'ARTIFACT_SYMLINK'], async () => {
        await mkdir(ws.file('node_modules'));
        await rename(file('main.js'), ws.file('node_modules/main.js'));
        await symlink('../../../node_modules/main.js', file('main.js'));
      }],
      ['the root replaced by a link to the same files', 'SUBJECT_MISMATCH', [DIST, 'ARTIFACT_SYMLINK'], async () => {
        await rename(ws.file(DIST), ws.file('node_modules'));
        await symlink('../../node_modules', ws.file(DIST));
      }],
      ['a folder of proofs planted', 'SUBJECT_EXTRA', [`${DIST}/lib/.proof`, 'NESTED_PACKAGE'], () => ws.write(`${DIST}/lib/.proof/x`, 'x')],
      ['a name with a newline planted', 'SUBJECT_EXTRA', ['a\\x0ab', 'ARTIFACT_NAME'], () => ws.write(`${DIST}/a\nb`, 'x')],
    ] as [string, RefusalCode, string[], () => Promise<unknown>][])('%s: %s', async (_name, code, named, tamper) => {
      await tamper();
      const verdict = await verify(ws);
      expect(verdict.result).toBe('FAILED');
      expect(failures(verdict)).toEqual([`subjects ${code}`]);
      for (const name of named) expect(checkOf(verdict, 'subjects').message).toContain(name);
      expect(verdict).not.toHaveProperty('subjects');
    });

    it('another project that now lies inside an artifact root: SUBJECT_EXTRA', async () => {
      ws.add({ name: 'late', root: `${DIST}/lib` });
      const verdict = await verify(ws);
      expect(checkOf(verdict, 'subjects')).toMatchObject({ status: 'failed', code: 'SUBJECT_EXTRA', details: { code: 'NESTED_PACKAGE', path: `${DIST}/lib` } });
    });

    it('lists at most 20 names and the total', async () => {
      for (let i = 0; i < 30; i += 1) await ws.write(`${DIST}/x${i}`, '');
      const { message, details } = checkOf(await verify(ws), 'subjects');
      expect(message).toContain('and 10 more');
      expect(details).toMatchObject({ total: 30 });
      expect(details?.['extra']).toHaveLength(20);
    });

    it('escapes names that would forge a line of output', async () => {
      await ws.write(`${DIST}/\u001b[2K\rPASSED`, 'x');
      expect(checkOf(await verify(ws), 'subjects').message).toBe(`not proved: ${DIST}/\\x1b[2K\\x0dPASSED`);
    });
  });

  describe('when the signed statement was edited it says so', () => {
    it.each([
      ['a subject digest', (s: Statement) => void (s.subject[0]!.digest = { sha256: 'f'.repeat(64) })],
      ['the project', (s: Statement) => void (s.predicate.buildDefinition.externalParameters.project = 'other')],
      ['an added subject', (s: Statement) => void s.subject.push({ name: `${DIST}/x`, digest: { sha256: 'f'.repeat(64) } })],
    ])('%s changed in the payload: SIGNATURE_INVALID', async (_name, edit) => {
      const content = await bundle();
      const statement = JSON.parse(Buffer.from(content.dsseEnvelope.payload, 'base64').toString()) as Statement;
      edit(statement);
      content.dsseEnvelope.payload = Buffer.from(jsonDocument(statement)).toString('base64');
      await ws.write(files(ws).bundle, jsonDocument(content));
      const verdict = await verify(ws);
      expect(failures(verdict)).toEqual(['signature SIGNATURE_INVALID']);
      expect(verdict).not.toHaveProperty('statementSha256');
      expect(verdict).not.toHaveProperty('signer');
    });

    it('the payload written in another way: SIGNATURE_INVALID, whatever its content', async () => {
      const content = await bundle();
      const statement: unknown = JSON.parse(Buffer.from(content.dsseEnvelope.payload, 'base64').toString());
      content.dsseEnvelope.payload = Buffer.from(JSON.stringify(statement, null, 2)).toString('base64');
      await ws.write(files(ws).bundle, jsonDocument(content));
      expect(failures(await verify(ws))).toEqual(['signature SIGNATURE_INVALID']);
    });

    it('the payload in sloppy base64: BUNDLE_AMBIGUOUS', async () => {
      const content = await bundle();
      content.dsseEnvelope.payload = content.dsseEnvelope.payload.replace(/=*$/, '\n');
      await ws.write(files(ws).bundle, jsonDocument(content));
      const verdict = await verify(ws);
      expect(failures(verdict)).toEqual(['bundle BUNDLE_AMBIGUOUS']);
      expect(checkOf(verdict, 'bundle').message).toContain('/dsseEnvelope/payload');
      expect(verdict.checks.filter(({ name }) => name !== 'bundle').every(({ status, message }) => status === 'unchecked' && message.includes('not reached'))).toBe(true);
    });

    it('two signatures, one of them right: BUNDLE_AMBIGUOUS', async () => {
      const content = await bundle();
      content.dsseEnvelope.signatures.push({ sig: Buffer.from('x').toString('base64') });
      await ws.write(files(ws).bundle, jsonDocument(content));
      expect(failures(await verify(ws))).toEqual(['bundle BUNDLE_AMBIGUOUS']);
    });

    it('the signature of another statement: SIGNATURE_INVALID', async () => {
      const content = await bundle();
      const other = await ws.json<typeof content>(files(ws, 'other').bundle);
      content.dsseEnvelope.signatures = other.dsseEnvelope.signatures;
      await ws.write(files(ws).bundle, jsonDocument(content));
      const verdict = await verify(ws);
      expect(failures(verdict)).toEqual(['signature SIGNATURE_INVALID']);
      expect(checkOf(verdict, 'signature').message).toContain('signatures[0].sig');
    });

    it('the proof of another project: PROJECT_MISMATCH', async () => {
      await cp(ws.file('apps/other/.proof'), ws.file('apps/app/.proof'), { recursive: true });
      const verdict = await verify(ws);
      expect(failures(verdict)).toEqual(['statement PROJECT_MISMATCH']);
      expect(checkOf(verdict, 'statement').message).toBe('externalParameters.project is "other"; this is the project app');
      expect(checkOf(verdict, 'subjects')).toMatchObject({ status: 'unchecked', message: 'not reached: the check "statement" failed' });
    });
  });

  describe('when a trusted key signed something untrue it refuses', () => {
    const parameters = '/predicate/buildDefinition/externalParameters';
    it.each([
      ['a subject digest of another file', 'subjects SUBJECT_MISMATCH', `${DIST}/main.js`, (s) => void (s.subject[1]!.digest = { ...s.subject[0]!.digest })],
      ['a subject that is not there', 'subjects SUBJECT_MISSING', `${DIST}/more.js`, (s) => void s.subject.push({ name: `${DIST}/more.js`, digest: { sha256: 'f'.repeat(64) } })],
      ['a subject left out', 'subjects SUBJECT_EXTRA', `${DIST}/main.js`, (s) => void s.subject.splice(1, 1)],
      ['another dirHash', 'subjects SUBJECT_MISMATCH', DIST, (s) => void (s.subject[2]!.digest = { dirHash: 'f'.repeat(64) })],
      ['a root left out', 'subjects SUBJECT_EXTRA', DIST, (s) => void s.subject.splice(2, 1)],
      ['a root that is none', 'subjects SUBJECT_MISSING', `${DIST}/lib`, (s) => void s.subject.push({ name: `${DIST}/lib`, digest: { dirHash: 'f'.repeat(64) } })],
      ['a wrong sha512 beside a right sha256', 'subjects SUBJECT_MISMATCH', `${DIST}/main.js`, (s) => void (s.subject[1]!.digest.sha512 = 'f'.repeat(128))],
      ['a subject outside of the artifact roots', 'statement STATEMENT_INVALID', '/subject/3/name', (s) => void s.subject.push({ name: 'apps/other/dist/main.js', digest: { sha256: 'f'.repeat(64) } })],
      ['a subject above the workspace', 'statement STATEMENT_INVALID', '/subject/3/name', (s) => void s.subject.push({ name: `${DIST}/../../../x`, digest: { sha256: 'f'.repeat(64) } })],
      ['two subjects of one name', 'statement STATEMENT_INVALID', '/subject/3', (s) => void s.subject.push(s.subject[0]!)],
      ['an empty subject list', 'statement STATEMENT_INVALID', '/subject', (s) => void (s.subject = [])],
      ['folders alone', 'statement STATEMENT_INVALID', '/subject', (s) => void (s.subject = [s.subject[2]!])],
      ['a manifest beside files', 'statement STATEMENT_INVALID', '/subject', (s) => void s.subject.push({ name: 'apps/app/.proof/create/manifest.json', digest: { sha256: 'f'.repeat(64) } })],
      ['a subject without a digest that is known', 'statement STATEMENT_INVALID', '/subject/0/digest', (s) => void (s.subject[0]!.digest = { md5: 'ff' })],
      ['another project', 'statement PROJECT_MISMATCH', `${parameters}/project`, (s) => void (s.predicate.buildDefinition.externalParameters.project = 'other')],
      ['other artifacts', 'statement PROJECT_MISMATCH', `${parameters}/artifacts`, (s) => void (s.predicate.buildDefinition.externalParameters.artifacts = ['{projectRoot}/dist/lib'])],
      ['another predicate', 'predicate PREDICATE_UNSUPPORTED', '/predicateType', (s) => void Object.assign(s, { predicateType: 'https://slsa.dev/provenance/v0.2' })],
      ['another build type', 'predicate PREDICATE_UNSUPPORTED', '/predicate/buildDefinition/buildType', (s) => void Object.assign(s.predicate.buildDefinition, { buildType: 'https://x/v1' })],
      ['another statement type', 'statement STATEMENT_INVALID', '/_type', (s) => void Object.assign(s, { _type: 'https://in-toto.io/Statement/v0.1' })],
      ['two sources of one name', 'statement STATEMENT_INVALID', '/predicate/buildDefinition/resolvedDependencies/2', (s) => void s.predicate.buildDefinition.resolvedDependencies.push({ name: 'source:app', digest: { sha256: 'f'.repeat(64) } })],
      ['two envelopes', 'statement STATEMENT_INVALID', '/predicate/runDetails/byproducts/1', (s) => void s.predicate.runDetails.byproducts.push(s.predicate.runDetails.byproducts[0]!)],
    ] as [string, string, string, (s: Statement) => void][])('%s: %s', async (_name, failure, named, edit) => {
      await resign(ws, key, edit);
      const verdict = await verify(ws);
      expect(verdict.result).toBe('FAILED');
      expect(failures(verdict)[0]).toBe(failure);
      const check = checkOf(verdict, failure.split(' ')[0] as CheckName);
      expect(`${check.message} ${String(check.details?.['field'])}`).toContain(named);
    });

    it.each([
      ['pretty-printed', (text: string) => JSON.stringify(JSON.parse(text), null, 2)],
      ['without its newline', (text: string) => text.trimEnd()],
      ['with a member twice', (text: string) => text.replace('"subject":', '"subject":[],"subject":')],
      ['not JSON', (text: string) => text.slice(1)],
      ['not UTF-8', () => Buffer.from([0x22, 0xff, 0x22])],
      ['nested beyond the stack', (text: string) => text.replace('"_type"', `"a":${'['.repeat(50_000)}${']'.repeat(50_000)},"_type"`)],
    ])('a statement that is %s: STATEMENT_INVALID', async (_name, edit) => {
      await signBytes(ws, key, edit(await ws.read(files(ws).statement)));
      const verdict = await verify(ws);
      expect(failures(verdict)).toEqual(['statement STATEMENT_INVALID']);
      expect(verdict).toMatchObject({ result: 'FAILED', signer: { fingerprint: key.fingerprint } });
    });

    it('artifact patterns of the statement are taken, and can be refused, where the configuration is not known', async () => {
      ws.add({ name: 'app', artifacts: undefined });
      const verdict = await verify(ws);
      expect(verdict.result).toBe('PASSED');
      expect(checkOf(verdict, 'statement').message).toContain('the configured ones are not known');
      await resign(ws, key, (s) => void (s.predicate.buildDefinition.externalParameters.artifacts = ['../../../etc']));
      expect(checkOf(await verify(ws), 'statement')).toMatchObject({ code: 'STATEMENT_INVALID', details: { field: `${parameters}/artifacts` } });
    });
  });

  describe('whose signature counts', () => {
    it('another key, unknown here: SIGNER_NOT_ALLOWED with the command', async () => {
      await prove(ws, stranger);
      const verdict = await verify(ws);
      expect(failures(verdict)).toEqual(['signature SIGNER_NOT_ALLOWED']);
      expect(checkOf(verdict, 'signature').message).toContain('nx-proof key trust FILE');
      expect(checkOf(verdict, 'signature').message).toContain(stranger.fingerprint);
    });

    it('another key that lies in proof.keys but in no rule: SIGNER_NOT_ALLOWED with the command', async () => {
      await prove(ws, stranger);
      await ws.write(`proof.keys/${stranger.fingerprint}.pub.pem`, stranger.pem);
      await ws.write('proof.keys/broken.pub.pem', 'x');
      expect(checkOf(await verify(ws), 'signature').message).toContain(`nx-proof key trust proof.keys/${stranger.fingerprint}.pub.pem`);
    });

    it('the key of another rule: SIGNER_NOT_ALLOWED', async () => {
      await writePolicy(ws, key, [{ projects: ['app'] }, { projects: ['other'], signers: [{ key: stranger.fingerprint }] }]);
      await ws.write(`proof.keys/${stranger.fingerprint}.pub.pem`, stranger.pem);
      await prove(ws, stranger);
      expect(failures(await verify(ws))).toEqual(['signature SIGNER_NOT_ALLOWED']);
    });

    it('a hint of the trusted key does not select it, nor does a foreign hint keep it out', async () => {
      const good = await bundle();
      await prove(ws, stranger);
      const forged = await bundle();
      forged['verificationMaterial'] = good['verificationMaterial']!;
      await ws.write(files(ws).bundle, jsonDocument(forged));
      expect(failures(await verify(ws))).toEqual(['signature SIGNATURE_INVALID']);
      good['verificationMaterial'] = { publicKey: { hint: 'whoever' } };
      await ws.write(files(ws).bundle, jsonDocument(good));
      expect(checkOf(await verify(ws), 'signature')).toMatchObject({ status: 'passed', details: { key: key.fingerprint } });
    });

    it('any of the signers of a rule', async () => {
      await ws.write(`proof.keys/${stranger.fingerprint}.pub.pem`, stranger.pem);
      await writePolicy(ws, key, [{ signers: [{ issuer: 'https://i', identity: 'me@acme.com' }, { key: stranger.fingerprint }, { key: key.fingerprint }] }]);
      expect((await verify(ws)).result).toBe('PASSED');
    });

    it('a rule without key signers: SIGNER_NOT_ALLOWED', async () => {
      await writePolicy(ws, key, [{ signers: [{ issuer: 'https://i', identity: 'me@acme.com' }] }]);
      expect(failures(await verify(ws))).toEqual(['signature SIGNER_NOT_ALLOWED']);
    });

    it('a certificate where only keys are accepted: SIGNER_NOT_ALLOWED; where certificates are, one without a log entry: TLOG_REQUIRED', async () => {
      const content = await bundle();
      content['verificationMaterial'] = { certificate: { rawBytes: Buffer.from('certificate').toString('base64') } };
      await ws.write(files(ws).bundle, jsonDocument(content));
      expect(failures(await verify(ws))).toEqual(['signature SIGNER_NOT_ALLOWED']);
      await writePolicy(ws, key, [{ signers: [{ key: key.fingerprint }, { issuer: 'https://i', identity: 'me@acme.com' }] }]);
      expect(failures(await verify(ws))).toEqual(['signature TLOG_REQUIRED']);
    });

    it('no rule for the project: RULE_MISSING', async () => {
      await writePolicy(ws, key, [{ projects: ['other'] }]);
      const verdict = await verify(ws);
      expect(failures(verdict)).toEqual(['signature RULE_MISSING']);
      expect(checkOf(verdict, 'signature').message).toContain('app');
    });

    it('the rule of the project that the statement names does not count', async () => {
      await writePolicy(ws, key, [{ projects: ['other'] }, { projects: ['app'], signers: [{ key: stranger.fingerprint }] }]);
      await ws.write(`proof.keys/${stranger.fingerprint}.pub.pem`, stranger.pem);
      await cp(ws.file('apps/other/.proof'), ws.file('apps/app/.proof'), { recursive: true });
      expect(failures(await verify(ws))).toEqual(['signature SIGNER_NOT_ALLOWED']);
    });

    it('a rule with scope local: RULE_LOCAL_ONLY in CI', async () => {
      await writePolicy(ws, key, [{ scope: 'local' }]);
      expect((await verify(ws)).result).toBe('PASSED');
      expect(failures(await verify(ws, 'app', { env: { CI: 'true' } }))).toEqual(['signature RULE_LOCAL_ONLY']);
    });

    it('tags that are not known: GRAPH_REQUIRED', async () => {
      await writePolicy(ws, key, [{ projects: ['tag:ship'] }]);
      ws.add({ name: 'app', tags: undefined });
      await expect(verify(ws)).rejects.toMatchObject({ code: 'GRAPH_REQUIRED', exitCode: 2 });
    });
  });

  describe('the proof envelope', () => {
    it.each([
      ['edited', '/', (e: ProofEnvelope) => void (e.actor.agent = 'somebody')],
      ['without its attestation', '/attestations', (e: ProofEnvelope) => void delete e.attestations],
      ['with two attestations', '/attestations', (e: ProofEnvelope) => void e.attestations!.push(e.attestations![0]!)],
      ['with another bundle', '/attestations/0/statement', (e: ProofEnvelope) => void (e.attestations![0]!.statement = 'AAAA')],
      ['with another predicate type', '/attestations/0/predicateType', (e: ProofEnvelope) => void (e.attestations![0]!.predicateType = 'x')],
      ['with another issuer', '/attestations/0/signing/issuer', (e: ProofEnvelope) => void (e.attestations![0]!.signing.issuer = `key:sha256:${stranger.fingerprint}`)],
      ['with a field that its schema does not know', '/', (e: ProofEnvelope) => void Object.assign(e, { x: 1 })],
    ])('%s: ENVELOPE_MISMATCH naming %s', async (_name, field, edit) => {
      const envelope = await ws.json<ProofEnvelope>(files(ws).envelope);
      edit(envelope);
      await ws.write(files(ws).envelope, jsonDocument(envelope));
      const verdict = await verify(ws);
      expect(failures(verdict)).toEqual(['envelope ENVELOPE_MISMATCH']);
      expect(checkOf(verdict, 'envelope').details).toEqual({ field });
    });

    it.each([
      ['another artifact', '/artifact/uri', (e: ProofEnvelope) => void (e.artifact.uri = 'workspace:/apps/other/dist/')],
      ['another digest', '/artifact/contentHash/hex', (e: ProofEnvelope) => void (e.artifact.contentHash.hex = 'f'.repeat(64))],
      ['another list of files', '/bundle/files', (e: ProofEnvelope) => void e.bundle!.files.pop()],
      ['no list of files', '/bundle/files', (e: ProofEnvelope) => void delete e.bundle],
      ['another Merkle root', '/bundle/merkleRoot', (e: ProofEnvelope) => void (e.bundle!.merkleRoot = 'f'.repeat(64))],
    ])('bound, but with %s: ENVELOPE_MISMATCH naming %s', async (_name, field, edit) => {
      await rebind(ws, key, edit);
      const verdict = await verify(ws);
      expect(failures(verdict)).toEqual(['envelope ENVELOPE_MISMATCH']);
      expect(checkOf(verdict, 'envelope').details).toEqual({ field });
    });

    it('bound by no byproduct: ENVELOPE_MISMATCH', async () => {
      await resign(ws, key, (s) => void (s.predicate.runDetails.byproducts = []));
      expect(failures(await verify(ws))).toEqual(['envelope ENVELOPE_MISMATCH']);
    });

    it.each([
      ['missing', dropEnvelope],
      ['truncated', async () => ws.write(files(ws).envelope, (await ws.read(files(ws).envelope)).slice(0, 100))],
      ['pretty-printed', async () => ws.write(files(ws).envelope, JSON.stringify(await ws.json(files(ws).envelope), null, 2))],
      ['with a member twice', async () => ws.write(files(ws).envelope, (await ws.read(files(ws).envelope)).replace('"actor":', '"actor":{"agent":"x","role":"y"},"actor":'))],
    ])('%s: ENVELOPE_MISMATCH', async (_name, tamper) => {
      await tamper();
      expect(failures(await verify(ws))).toEqual(['envelope ENVELOPE_MISMATCH']);
    });
  });

  it('names several failures in one report', async () => {
    await ws.write(`${DIST}/main.js`, 'changed');
    await ws.write('apps/app/src/main.ts', 'changed');
    await dropEnvelope();
    expect(failures(await verify(ws))).toEqual(['subjects SUBJECT_MISMATCH', 'envelope ENVELOPE_MISMATCH', 'freshness SOURCE_MISMATCH']);
  });

  it('lets a no stand when another check cannot be made', async () => {
    await writePolicy(ws, key, [{ dependencies: 'verified' }]);
    ws.add({ name: 'app', dependencies: undefined });
    await expect(verify(ws)).rejects.toMatchObject({ code: 'GRAPH_REQUIRED' });
    await ws.write(`${DIST}/main.js`, 'changed');
    const verdict = await verify(ws);
    expect(failures(verdict)).toEqual(['subjects SUBJECT_MISMATCH']);
    expect(checkOf(verdict, 'dependencies')).toMatchObject({ status: 'unchecked', message: 'could not be checked (GRAPH_REQUIRED)' });
  });

  it('is no verdict when the artifacts cannot be read, unless there is a no without them', async () => {
    const unreadable = async () => {
      const policy = await loadTestPolicy(ws);
      return ws.run((session) => {
        const hash = async function* (): AsyncGenerator<never> {
          throw new ProofError('IO_ERROR', 'a disk that fails', { details: { path: `${DIST}/main.js`, errno: 'EIO' } });
        };
        return verifyProof({ ...session, hasher: { ...session.hasher, hash } }, { project: ws.project(), policy });
      });
    };
    await expect(unreadable()).rejects.toMatchObject({ code: 'IO_ERROR', exitCode: 3 });
    await ws.write('apps/app/src/main.ts', 'changed');
    const verdict = await unreadable();
    expect(failures(verdict)).toEqual(['freshness SOURCE_MISMATCH']);
    expect(checkOf(verdict, 'subjects')).toMatchObject({ status: 'unchecked', message: 'could not be checked (IO_ERROR)' });
  });

  describe('a bundle from elsewhere', () => {
    const elsewhere = async (): Promise<string> => {
      const target = path.join(ws.root, 'received', 'app.sigstore.json');
      await mkdir(path.dirname(target));
      await copyFile(ws.file(files(ws).bundle), target);
      await rm(ws.file('apps/app/.proof'), { recursive: true });
      return target;
    };

    it('verifies without an envelope, and writes nothing', async () => {
      const verdict = await verify(ws, 'app', { request: { bundle: await elsewhere() } });
      expect(verdict.result).toBe('PASSED');
      expect(checkOf(verdict, 'envelope').status).toBe('unchecked');
      await expect(readFile(ws.file(files(ws).verdict))).rejects.toMatchObject({ code: 'ENOENT' });
    });

    it('checks an envelope that lies beside it', async () => {
      const target = await elsewhere();
      await ws.write('received/envelope.proof.json', '{}');
      expect(failures(await verify(ws, 'app', { request: { bundle: target } }))).toEqual(['envelope ENVELOPE_MISMATCH']);
    });
  });

  describe('without a verdict', () => {
    it.each([
      ['no proof', 'PROOF_NOT_FOUND', 2, () => rm(ws.file('apps/app/.proof'), { recursive: true })],
      ['a truncated bundle', 'JSON_INVALID', 2, async () => ws.write(files(ws).bundle, (await ws.read(files(ws).bundle)).slice(0, 200))],
      ['an empty bundle', 'JSON_INVALID', 2, () => ws.write(files(ws).bundle, '')],
      ['a statement in its place', 'BUNDLE_INVALID', 2, async () => ws.write(files(ws).bundle, '{"_type":"https://in-toto.io/Statement/v1"}')],
      ['a bundle of 17 MB', 'FILE_TOO_LARGE', 2, () => ws.write(files(ws).bundle, Buffer.alloc(17 * 1024 * 1024, ' '))],
      ['a folder in its place', 'PROOF_NOT_FOUND', 2, async () => {
        await unlink(ws.file(files(ws).bundle));
        await mkdir(ws.file(files(ws).bundle));
      }],
      ['a link in the place of .proof', 'PROOF_NOT_FOUND', 2, async () => {
        await rename(ws.file('apps/app/.proof'), ws.file('apps/app/moved'));
        await symlink('moved', ws.file('apps/app/.proof'));
      }],
      ['an envelope of 17 MB', 'FILE_TOO_LARGE', 2, () => ws.write(files(ws).envelope, Buffer.alloc(17 * 1024 * 1024, ' '))],
    ] as [string, string, number, () => Promise<unknown>][])('%s: %s', async (_name, code, exitCode, tamper) => {
      await tamper();
      await expect(verify(ws)).rejects.toMatchObject({ code, exitCode });
    });

    it('an interrupted run: ABORTED', async () => {
      const policy = await loadTestPolicy(ws);
      const session = openSession({ now: () => new Date(0), env: {}, cwd: ws.root, signal: AbortSignal.abort() }, ws.workspace);
      await expect(verifyProof(session, { project: ws.project(), policy })).rejects.toMatchObject({ code: 'ABORTED' });
      await session.close();
    });
  });

  describe('.proof/verify', () => {
    it('holds the verdict and a SLSA VSA', async () => {
      ws.git('remote', 'add', 'origin', 'https://github.com/acme/w.git');
      await prove(ws, key);
      const verdict = await verify(ws);
      expect(await ws.read(files(ws).verdict)).toBe(jsonDocument(verdict));
      const vsa = await ws.json<Record<string, unknown>>(files(ws).vsa);
      expect(await ws.read(files(ws).vsa)).toBe(jsonDocument(vsa));
      const { subject } = await ws.json<Statement>(files(ws).statement);
      const commit = ws.git('rev-parse', 'HEAD').trim();
      expect(vsa).toEqual({
        _type: 'https://in-toto.io/Statement/v1',
        subject,
        predicateType: 'https://slsa.dev/verification_summary/v1',
        predicate: {
          verifier: { id: 'https://cortex-os.brainwav/nx-proof/verifier/v1' },
          timeVerified: '2026-02-03T04:05:06.000Z',
          resourceUri: `git+https://github.com/acme/w@${commit}#app`,
          policy: { uri: 'workspace:/proof.policy.json', digest: { sha256: verdict.policy?.sha256 } },
          inputAttestations: [{ uri: 'workspace:/apps/app/.proof/sign/bundle.sigstore.json', digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown } }],
          verificationResult: 'PASSED',
          verifiedLevels: ['SLSA_BUILD_LEVEL_1'],
          slsaVersion: '1.0',
        },
      });
    });

    it('names the workspace where there is no remote, and no level for a proof that failed', async () => {
      await ws.write(`${DIST}/main.js`, 'changed');
      await verify(ws);
      expect(await ws.json(files(ws).vsa)).toMatchObject({ predicate: { resourceUri: 'workspace:/apps/app#app', verificationResult: 'FAILED', verifiedLevels: [] } });
    });

    it('has no summary when no statement could be verified', async () => {
      await verify(ws);
      await prove(ws, stranger);
      await verify(ws);
      expect(await ws.json(files(ws).verdict)).toMatchObject({ result: 'FAILED' });
      await expect(readFile(ws.file(files(ws).vsa))).rejects.toMatchObject({ code: 'ENOENT' });
    });

    it('never keeps an earlier verdict when none is reached', async () => {
      await verify(ws);
      await unlink(ws.file(files(ws).bundle));
      await expect(verify(ws)).rejects.toMatchObject({ code: 'PROOF_NOT_FOUND' });
      await expect(readFile(ws.file(files(ws).verdict))).rejects.toMatchObject({ code: 'ENOENT' });
    });

    it('is never read: an edited verdict changes nothing', async () => {
      await ws.write(`${DIST}/main.js`, 'changed');
      const verdict = await verify(ws);
      await ws.write(files(ws).verdict, (await ws.read(files(ws).verdict)).replace('FAILED', 'PASSED'));
      expect(await verify(ws)).toEqual(verdict);
      expect(await ws.json(files(ws).verdict)).toEqual(verdict);
    });

    it.each([
      ['passed', async () => undefined],
      ['subjects', () => symlink('/etc/passwd', file('link'))],
      ['envelope', dropEnvelope],
      ['bundle', async () => ws.write(files(ws).bundle, (await ws.read(files(ws).bundle)).replace('{', '{"x":1,'))],
      ['signature', () => prove(ws, stranger)],
      ['freshness', () => rm(ws.file('.git'), { recursive: true })],
    ])('names no absolute path (%s)', async (_name, tamper) => {
      await tamper();
      await verify(ws);
      const written = [await ws.read(files(ws).verdict), await ws.read(files(ws).vsa).catch(() => '')].join('');
      expect(written).toContain('"project":"app"');
      expect(written).not.toContain(ws.root);
      expect(written).not.toContain(path.dirname(ws.root));
    });
  });
});
