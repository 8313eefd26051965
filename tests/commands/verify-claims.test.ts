import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jsonDocument } from '../../src/model/json';
import type { Statement } from '../../src/model/types';
import { checkOf, failures, files, prove, resign, testKey, verify, writePolicy } from '../support/proofs';
import { TestWorkspace } from '../support/workspace';

const key = testKey();
const LOCAL = 'https://cortex-os.brainwav/nx-proof/builder/local/v1';
const REPOSITORY = 'https://github.com/acme/w';
let ws: TestWorkspace;
beforeEach(async () => {
  ws = await TestWorkspace.create();
  ws.git('remote', 'add', 'origin', 'git@github.com:acme/w.git');
  await writePolicy(ws, key);
  await prove(ws, key);
});
afterEach(() => ws.remove());

const under = async (rule: object) => {
  await writePolicy(ws, key, [rule]);
  return verify(ws);
};

describe('the check builder', () => {
  it('reports the builder as asserted when the rule asks for none', async () => {
    const verdict = await verify(ws);
    expect(verdict.result).toBe('PASSED');
    expect(checkOf(verdict, 'builder')).toMatchObject({ status: 'asserted', details: { builderId: LOCAL } });
  });

  it('refuses a key that asserts the right builder: CLAIM_ASSERTED, unless the rule accepts that', async () => {
    expect(failures(await under({ builderId: LOCAL }))).toEqual(['builder CLAIM_ASSERTED']);
    const verdict = await under({ builderId: LOCAL, acceptAsserted: true });
    expect(verdict.result).toBe('PASSED');
    expect(checkOf(verdict, 'builder').status).toBe('asserted');
  });

  it('refuses another builder: BUILDER_NOT_ALLOWED, asserted or not', async () => {
    const verdict = await under({ builderId: 'https://github.com/acme/w/.github/workflows/ci.yml@refs/heads/main', acceptAsserted: true });
    expect(failures(verdict)).toEqual(['builder BUILDER_NOT_ALLOWED']);
    expect(checkOf(verdict, 'builder').message).toContain(LOCAL);
    expect(failures(await under({ builderId: LOCAL.slice(0, -1), acceptAsserted: true }))).toEqual(['builder BUILDER_NOT_ALLOWED']);
  });
});

describe('the check source', () => {
  it('reports repository, commit and changes as asserted when the rule asks for none', async () => {
    const { status, message } = checkOf(await verify(ws), 'source');
    expect(status).toBe('asserted');
    expect(message).toContain(`git+${REPOSITORY} at ${ws.git('rev-parse', 'HEAD').trim()}, with changes that were not committed`);
    ws.commit();
    await prove(ws, key);
    expect(checkOf(await verify(ws), 'source').message).not.toContain('not committed');
  });

  it.each([REPOSITORY, `${REPOSITORY}.git`, `${REPOSITORY}/`, 'https://GITHUB.com/acme/w'])('takes %s as that repository', async (sourceRepository) => {
    expect(failures(await under({ sourceRepository }))).toEqual(['source CLAIM_ASSERTED']);
    expect((await under({ sourceRepository, acceptAsserted: true })).result).toBe('PASSED');
  });

  it.each(['https://github.com/acme/w2', 'https://github.com/acme', 'https://github.com/acme/W', 'https://gitlab.com/acme/w'])('refuses %s: SOURCE_NOT_ALLOWED', async (sourceRepository) => {
    expect(failures(await under({ sourceRepository, acceptAsserted: true }))).toEqual(['source SOURCE_NOT_ALLOWED']);
  });

  it('refuses a rule for a ref, which no key-signed statement has', async () => {
    expect(failures(await under({ sourceRef: 'refs/heads/main', acceptAsserted: true }))).toEqual(['source SOURCE_NOT_ALLOWED']);
  });

  it('refuses a statement without a repository where the rule asks for one', async () => {
    await resign(ws, key, (s) => void delete s.predicate.buildDefinition.resolvedDependencies[0]!.uri);
    expect(failures(await under({ sourceRepository: REPOSITORY, acceptAsserted: true }))).toEqual(['source SOURCE_NOT_ALLOWED']);
    expect(checkOf(await under({}), 'source')).toMatchObject({ status: 'unchecked' });
    await resign(ws, key, (s) => void s.predicate.buildDefinition.resolvedDependencies.shift());
    const verdict = await under({});
    expect(checkOf(verdict, 'source')).toMatchObject({ status: 'unchecked', message: 'the statement names no repository', details: {} });
    expect(verdict.result).toBe('PASSED');
  });

  it('refuses a repository that is no https URL', async () => {
    await resign(ws, key, (s) => void (s.predicate.buildDefinition.resolvedDependencies[0]!.uri = 'git+ssh://github.com/acme/w'));
    expect(failures(await under({ sourceRepository: REPOSITORY, acceptAsserted: true }))).toEqual(['source SOURCE_NOT_ALLOWED']);
  });

  it('shows a repository without a commit', async () => {
    await resign(ws, key, (s) => void delete s.predicate.buildDefinition.resolvedDependencies[0]!.digest);
    expect(checkOf(await verify(ws), 'source').message).toContain(`git+${REPOSITORY}, with changes`);
    expect(await ws.json(files(ws).vsa)).toMatchObject({ predicate: { resourceUri: 'workspace:/apps/app#app' } });
  });
});

describe('the check identity', () => {
  const material = async (changes: object): Promise<void> => {
    const bundle = await ws.json<{ verificationMaterial: object }>(files(ws).bundle);
    await ws.write(files(ws).bundle, jsonDocument({ ...bundle, verificationMaterial: { ...bundle.verificationMaterial, ...changes } }));
    await rm(ws.file(files(ws).envelope));
  };
  const entry = { logIndex: '1', logId: { keyId: 'AAAA' }, kindVersion: { kind: 'dsse', version: '0.0.1' }, integratedTime: '1770000000', inclusionProof: { logIndex: '1', rootHash: 'AAAA', treeSize: '2', hashes: [], checkpoint: { envelope: 'x' } } };

  it.each([
    ['tlog', 'required', 'TLOG_REQUIRED', 'has no log entry'],
    ['timestamp', 'required', 'TIMESTAMP_REQUIRED', 'has no timestamp'],
    ['maxAgeDays', 365_000, 'PROOF_TOO_OLD', 'no verified time'],
  ])('refuses a key under a rule with %s %s: %s', async (field, value, code, message) => {
    const verdict = await under({ [field]: value });
    expect(failures(verdict)).toEqual([`identity ${code}`]);
    expect(checkOf(verdict, 'identity').message).toContain(message);
  });

  it.each([{ tlog: 'optional' }, { tlog: 'none' }, { timestamp: 'optional' }])('passes a key under a rule with %j', async (rule) => {
    expect((await under(rule)).result).toBe('PASSED');
  });

  it('counts log entries and timestamps that cannot be verified for a key as none', async () => {
    await material({ tlogEntries: [entry], timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: 'AAAA' }] } });
    expect(failures(await under({ tlog: 'required' }))).toContain('identity TLOG_REQUIRED');
    expect(checkOf(await under({ tlog: 'required' }), 'identity').message).toContain('cannot be verified');
    expect(failures(await under({ timestamp: 'required' }))).toContain('identity TIMESTAMP_REQUIRED');
    expect(failures(await under({ maxAgeDays: 1 }))).toContain('identity PROOF_TOO_OLD');
    expect(failures(await under({}))).toEqual(['envelope ENVELOPE_MISMATCH']);
  });
});

describe('the check freshness', () => {
  it('refuses an older proof of other sources: SOURCE_MISMATCH', async () => {
    await ws.write('apps/app/src/main.ts', 'export const name = "new";\n');
    const verdict = await verify(ws);
    expect(failures(verdict)).toEqual(['freshness SOURCE_MISMATCH']);
    expect(checkOf(verdict, 'freshness').message).toContain('source:app');
    ws.commit();
    expect(failures(await verify(ws))).toEqual(['freshness SOURCE_MISMATCH']);
  });

  it('does not mind commits that leave the sources as they are', async () => {
    await ws.write('README.md', 'x');
    ws.commit();
    expect((await verify(ws)).result).toBe('PASSED');
  });

  it('refuses a statement without the digest of its sources', async () => {
    await resign(ws, key, (s) => void s.predicate.buildDefinition.resolvedDependencies.splice(1, 1));
    expect(failures(await verify(ws))).toEqual(['freshness SOURCE_MISMATCH']);
  });

  it('is unchecked where there is no git, and says so', async () => {
    await rm(ws.file('.git'), { recursive: true });
    const verdict = await verify(ws);
    expect(verdict.result).toBe('PASSED');
    expect(checkOf(verdict, 'freshness')).toMatchObject({ status: 'unchecked', message: expect.stringContaining('freshness: unchecked') as unknown });
  });

  it('is unchecked when git knows no file of the project, and a mismatch when there were some', async () => {
    await ws.write('.gitignore', 'apps/app\nlibs\n.proof\n');
    ws.git('rm', '-rq', '--cached', 'apps/app');
    ws.commit();
    expect(failures(await verify(ws))).toEqual(['freshness SOURCE_MISMATCH']);
    await prove(ws, key);
    expect(checkOf(await verify(ws), 'freshness')).toMatchObject({ status: 'unchecked', message: expect.stringContaining('git knows no file') as unknown });
  });

  it('is never unchecked in a repository that git does not accept: GIT_REQUIRED', async () => {
    await ws.write('.git/HEAD', 'broken');
    await expect(verify(ws)).rejects.toMatchObject({ code: 'GIT_REQUIRED', exitCode: 2 });
  });

  it('is never unchecked for the lack of a git program: GIT_REQUIRED', async () => {
    await expect(verify(ws, 'app', { env: { PATH: '/nowhere' } })).rejects.toMatchObject({ code: 'GIT_REQUIRED' });
  });

  it('reads the descriptor of this project, not of another', async () => {
    await resign(ws, key, (s: Statement) => void (s.predicate.buildDefinition.resolvedDependencies[1]!.name = 'source:other'));
    expect(failures(await verify(ws))).toEqual(['freshness SOURCE_MISMATCH']);
  });
});
