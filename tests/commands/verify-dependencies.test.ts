import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyMany } from '../../src/commands/verify';
import { checkOf, failures, files, loadTestPolicy, prove, resign, signBytes, testKey, verify, writePolicy } from '../support/proofs';
import { TestWorkspace } from '../support/workspace';

const key = testKey();
const stranger = testKey();
let ws: TestWorkspace;
beforeEach(async () => {
  ws = await TestWorkspace.create([{ name: 'app', dependencies: ['core', 'util'] }, { name: 'core', dependencies: ['util'] }, { name: 'util' }]);
  await writePolicy(ws, key, [{ dependencies: 'verified' }]);
  await prove(ws, key, 'util', 'core', 'app');
});
afterEach(() => ws.remove());

const dependencies = async (name = 'app') => {
  const verdict = await verify(ws, name);
  const check = checkOf(verdict, 'dependencies');
  return { result: verdict.result, ...check };
};

describe('dependencies: verified', () => {
  it('passes when each dependency passes under its own rule', async () => {
    expect(await dependencies()).toMatchObject({ result: 'PASSED', status: 'passed', details: { verified: 2 } });
    expect(await dependencies('util')).toMatchObject({ result: 'PASSED', status: 'passed', details: { verified: 0 } });
  });

  it.each([
    ['artifact of a dependency', 'SUBJECT_MISMATCH', () => ws.write('apps/core/dist/main.js', 'changed')],
    ['artifact of a dependency of a dependency', 'DEPENDENCY_UNVERIFIED', () => ws.write('apps/util/dist/main.js', 'changed')],
    ['source of a dependency', 'SOURCE_MISMATCH', () => ws.write('apps/core/src/main.ts', 'changed')],
  ])('refuses a changed %s: DEPENDENCY_UNVERIFIED because of %s', async (_name, reason, tamper) => {
    await tamper();
    const check = await dependencies();
    expect(check).toMatchObject({ result: 'FAILED', code: 'DEPENDENCY_UNVERIFIED' });
    expect(check.message).toContain(`core: its proof does not verify (${reason}`.slice(0, 35));
    expect(check.message).toContain(reason);
  });

  it('refuses a dependency signed by somebody whom its own rule does not accept', async () => {
    await writePolicy(ws, key, [{ projects: ['core'], signers: [{ key: stranger.fingerprint }] }, { dependencies: 'verified' }]);
    await ws.write(`proof.keys/${stranger.fingerprint}.pub.pem`, stranger.pem);
    const check = await dependencies();
    expect(check.code).toBe('DEPENDENCY_UNVERIFIED');
    expect(check.message).toContain('core: its proof does not verify (SIGNER_NOT_ALLOWED');
  });

  it('refuses a dependency without a rule', async () => {
    await writePolicy(ws, key, [{ projects: ['app', 'util'], dependencies: 'verified' }]);
    expect((await dependencies()).message).toContain('RULE_MISSING');
  });

  it('refuses a dependency without a proof, or with one that cannot be read, and names no path', async () => {
    await rm(ws.file(files(ws, 'core').bundle));
    expect(await dependencies()).toMatchObject({ code: 'DEPENDENCY_UNVERIFIED', message: 'core: it has no proof that can be verified (PROOF_NOT_FOUND)' });
    await ws.write(files(ws, 'core').bundle, '{');
    expect(await dependencies()).toMatchObject({ code: 'DEPENDENCY_UNVERIFIED', message: 'core: it has no proof that can be verified (JSON_INVALID)' });
    expect(await ws.read(files(ws).verdict)).not.toContain(ws.root);
  });

  it('refuses a dependency that had no proof when this one was made', async () => {
    await rm(ws.file('apps/core/.proof'), { recursive: true });
    await prove(ws, key, 'app');
    await prove(ws, key, 'core');
    const { code, message } = await dependencies();
    expect(code).toBe('DEPENDENCY_UNVERIFIED');
    expect(message).toBe('core: it had no proof when this one was made');
  });

  it('refuses a dependency proved anew since: DEPENDENCIES_MISMATCH', async () => {
    await ws.write('apps/core/dist/main.js', 'rebuilt');
    await prove(ws, key, 'core');
    const { code, message } = await dependencies();
    expect(code).toBe('DEPENDENCIES_MISMATCH');
    expect(message).toMatch(/^core: its statement is [0-9a-f]{64}; the one recorded is [0-9a-f]{64}$/);
  });

  it('refuses a set that is not the graph\'s, naming both ways: DEPENDENCIES_MISMATCH', async () => {
    ws.add({ name: 'late' });
    ws.add({ name: 'app', dependencies: ['core', 'late'] });
    expect(await dependencies()).toMatchObject({ code: 'DEPENDENCIES_MISMATCH', message: 'not recorded: late; recorded, but no dependency: util' });
    ws.add({ name: 'app', dependencies: ['core', 'util', 'late'] });
    expect(await dependencies()).toMatchObject({ message: 'not recorded: late' });
    ws.add({ name: 'app', dependencies: ['core'] });
    expect(await dependencies()).toMatchObject({ message: 'recorded, but no dependency: util' });
  });

  it('refuses a recorded project that the workspace does not have', async () => {
    ws.add({ name: 'app', dependencies: ['core', 'util', 'gone'] });
    await resign(ws, key, (s) => void s.predicate.buildDefinition.resolvedDependencies.push({ name: 'nx:gone', digest: { sha256: 'f'.repeat(64) } }));
    expect((await dependencies()).message).toBe('gone: it has no proof that can be verified (PROJECT_UNKNOWN)');
  });

  it('needs the graph: GRAPH_REQUIRED, for the project or on the way', async () => {
    ws.add({ name: 'util', dependencies: undefined });
    await expect(verify(ws)).rejects.toMatchObject({ code: 'GRAPH_REQUIRED', exitCode: 2 });
  });

  it('does not hide a failing environment: IO errors are thrown', async () => {
    await rm(ws.file(files(ws, 'core').bundle));
    const { symlink } = await import('node:fs/promises');
    await symlink('bundle.sigstore.json', ws.file(files(ws, 'core').bundle));
    await expect(verify(ws)).rejects.toMatchObject({ code: 'IO_ERROR', exitCode: 3 });
  });

  it('reports every dependency that is wrong', async () => {
    await rm(ws.file(files(ws, 'core').bundle));
    await rm(ws.file(files(ws, 'util').bundle));
    const { details } = await dependencies();
    expect(details).toMatchObject({ total: 2 });
  });
});

describe('dependencies: any', () => {
  it('counts what is recorded and follows nothing', async () => {
    await writePolicy(ws, key);
    await rm(ws.file('apps/core/.proof'), { recursive: true });
    expect(await dependencies()).toMatchObject({ result: 'PASSED', status: 'unchecked', details: { recorded: 2 } });
  });
});

describe('projects that depend on each other', () => {
  beforeEach(async () => {
    ws.add({ name: 'util', dependencies: ['core'] });
    await ws.create('util');
    await signBytes(ws, key, await ws.read(files(ws, 'util').statement), 'util');
  });

  it('are refused, with the way: DEPENDENCY_CYCLE', async () => {
    expect(await dependencies('core')).toMatchObject({ result: 'FAILED', code: 'DEPENDENCY_CYCLE', message: 'the projects depend on each other: core -> util -> core' });
    expect(await dependencies('util')).toMatchObject({ code: 'DEPENDENCY_CYCLE', message: 'the projects depend on each other: util -> core -> util' });
  });

  it('fail a project that depends on them, and nobody waits for ever', async () => {
    expect(await dependencies('app')).toMatchObject({ code: 'DEPENDENCY_UNVERIFIED' });
    const policy = await loadTestPolicy(ws);
    const outcomes = await ws.run((session) => verifyMany(session, ['app', 'core', 'util'].map((name) => ({ project: ws.project(name), policy }))));
    expect(outcomes.map((outcome) => ('verdict' in outcome ? `${outcome.project} ${outcome.verdict.result}` : outcome.error.code))).toEqual(['app FAILED', 'core FAILED', 'util FAILED']);
  });

  it('are refused when the way is longer, or leads to itself', async () => {
    ws.add({ name: 'util', dependencies: ['app'] });
    await ws.create('util');
    await signBytes(ws, key, await ws.read(files(ws, 'util').statement), 'util');
    expect((await dependencies('util')).message).toMatch(/^the projects depend on each other: util -> app -> (core -> )?util$/);
    ws.add({ name: 'util', dependencies: ['util'] });
    await prove(ws, key, 'util');
    expect((await dependencies('util')).message).toBe('the projects depend on each other: util -> util');
  });

  it('pass where a rule does not follow dependencies', async () => {
    await writePolicy(ws, key, [{ projects: ['util'] }, { dependencies: 'verified' }]);
    await prove(ws, key, 'util', 'core');
    expect(await dependencies('util')).toMatchObject({ result: 'PASSED' });
    expect(failures(await verify(ws, 'core'))).toEqual([]);
  });
});
