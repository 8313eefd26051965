import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyMany, verifyWorkspace, type Outcome } from '../../src/commands/verify';
import { files, loadTestPolicy, prove, testKey, verify, writePolicy } from '../support/proofs';
import { TestWorkspace } from '../support/workspace';

const key = testKey();
let ws: TestWorkspace;
beforeEach(async () => {
  ws = await TestWorkspace.create([{ name: 'zeta' }, { name: 'app' }, { name: 'none' }]);
  await writePolicy(ws, key);
  await prove(ws, key, 'zeta', 'app');
});
afterEach(() => ws.remove());

const shown = (outcomes: readonly Outcome[]): string[] => outcomes.map((outcome) => `${outcome.project} ${'verdict' in outcome ? outcome.verdict.result : outcome.error.code}`);
const verifyAll = async (): Promise<string[]> => {
  const policy = await loadTestPolicy(ws);
  return ws.run(async (session) => shown(await verifyWorkspace(session, { policy })));
};
const require = (...required: string[]): Promise<void> => writePolicy(ws, key, [{}], { required });

describe('verifyWorkspace', () => {
  it('verifies every project with a proof, in order of their names', async () => {
    expect(await verifyAll()).toEqual(['app PASSED', 'zeta PASSED']);
    expect(await ws.json(files(ws, 'zeta').verdict)).toMatchObject({ result: 'PASSED' });
  });

  it('reports a project with a proof.json or a .proof folder but no bundle: PROOF_NOT_FOUND', async () => {
    await ws.write('apps/none/proof.json', '{}');
    await rm(ws.file('apps/zeta/.proof/sign'), { recursive: true });
    expect(await verifyAll()).toEqual(['app PASSED', 'none PROOF_NOT_FOUND', 'zeta PROOF_NOT_FOUND']);
  });

  it('reports one that fails beside the others', async () => {
    await ws.write('apps/app/dist/main.js', 'changed');
    expect(await verifyAll()).toEqual(['app FAILED', 'zeta PASSED']);
    await ws.write(files(ws).bundle, '{');
    expect(await verifyAll()).toEqual(['app JSON_INVALID', 'zeta PASSED']);
  });

  it('is never a success when there is nothing to verify: PROOF_NOT_FOUND', async () => {
    await rm(ws.file('apps/app/.proof'), { recursive: true });
    await rm(ws.file('apps/zeta/.proof'), { recursive: true });
    await expect(verifyAll()).rejects.toMatchObject({ code: 'PROOF_NOT_FOUND', exitCode: 2 });
  });

  describe('required', () => {
    it('passes when each is proved, also one that has neither proof.json nor .proof otherwise', async () => {
      await require('app', 'z*', 'tag:x*');
      ws.add({ name: 'zeta', tags: ['x1'] });
      expect(await verifyAll()).toEqual(['app PASSED', 'zeta PASSED']);
    });

    it('reports an entry that names no project: REQUIRED_UNMATCHED', async () => {
      await require('app', 'gone', 'tag:gone');
      expect(await verifyAll()).toEqual(['app PASSED', 'gone REQUIRED_UNMATCHED', 'tag:gone REQUIRED_UNMATCHED', 'zeta PASSED']);
    });

    it('reports it also when there is nothing else', async () => {
      await require('gone');
      await rm(ws.file('apps'), { recursive: true });
      expect(await verifyAll()).toEqual(['gone REQUIRED_UNMATCHED']);
    });

    it('reports a project without a proof: REQUIRED_UNPROVED, and deletes its earlier verdict', async () => {
      await require('*');
      await verify(ws, 'zeta');
      await rm(ws.file('apps/zeta/.proof/sign'), { recursive: true });
      expect(await verifyAll()).toEqual(['app PASSED', 'none REQUIRED_UNPROVED', 'zeta REQUIRED_UNPROVED']);
      await expect(ws.read(files(ws, 'zeta').verdict)).rejects.toMatchObject({ code: 'ENOENT' });
    });

    it('reports other mistakes as what they are', async () => {
      await require('*');
      await ws.write(files(ws).bundle, '{');
      expect((await verifyAll())[0]).toBe('app JSON_INVALID');
    });

    it('needs tags that are not known: GRAPH_REQUIRED', async () => {
      await require('tag:x');
      ws.add({ name: 'none', tags: undefined });
      await expect(verifyAll()).rejects.toMatchObject({ code: 'GRAPH_REQUIRED', exitCode: 2 });
    });
  });
});

describe('verifyMany', () => {
  it('is never a success for an empty list: PROOF_NOT_FOUND', async () => {
    await expect(ws.run((session) => verifyMany(session, []))).rejects.toMatchObject({ code: 'PROOF_NOT_FOUND', exitCode: 2 });
  });

  it('applies each request\'s own policy', async () => {
    const accepts = await loadTestPolicy(ws);
    await writePolicy(ws, key, [{ projects: ['nobody'] }]);
    const refuses = await loadTestPolicy(ws);
    const requests = [{ project: ws.project('zeta'), policy: accepts }, { project: ws.project('app'), policy: refuses }];
    expect(shown(await ws.run((session) => verifyMany(session, requests)))).toEqual(['app FAILED', 'zeta PASSED']);
  });
});
