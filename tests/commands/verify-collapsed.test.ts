import { cp, rename, rm } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sha256Hex } from '../../src/model/digest';
import type { Statement } from '../../src/model/types';
import { checkOf, failures, files, prove, resign, signBytes, testKey, verify, writePolicy } from '../support/proofs';
import { TestWorkspace } from '../support/workspace';

const key = testKey();
const DIST = 'apps/app/dist';
const CHUNK = `${DIST}/chunks/500.js`;

/** One workspace with more files than a statement names; each test leaves it as it was. */
let ws: TestWorkspace;
beforeAll(async () => {
  ws = await TestWorkspace.create();
  await writePolicy(ws, key);
  for (let i = 0; i < 1001; i += 1) await ws.write(`${DIST}/chunks/${i}.js`, String(i));
  await prove(ws, key);
  await cp(ws.file('apps/app/.proof'), ws.file('node_modules/proof'), { recursive: true });
});
afterAll(() => ws.remove());
afterEach(async () => {
  await rm(ws.file('apps/app/.proof'), { recursive: true });
  await cp(ws.file('node_modules/proof'), ws.file('apps/app/.proof'), { recursive: true });
});

describe('a collapsed statement', () => {
  it('passes as it was made, and names the manifest alone', async () => {
    const verdict = await verify(ws);
    expect((await ws.json<Statement>(files(ws).statement)).subject.map(({ name }) => name)).toEqual(['apps/app/.proof/create/manifest.json', DIST]);
    expect(verdict).toMatchObject({ result: 'PASSED', subjects: { files: 1003 } });
  });

  it('passes with sha512', async () => {
    await ws.create('app', { options: { sha512: true } });
    await signBytes(ws, key, await ws.read(files(ws).statement));
    expect((await ws.json<Statement>(files(ws).statement)).subject[0]?.digest).toHaveProperty('sha512');
    expect((await verify(ws)).result).toBe('PASSED');
  });

  it.each([
    ['changed', 'SUBJECT_MISMATCH', `not as proved: ${CHUNK}`, () => ws.write(CHUNK, 'x'), () => ws.write(CHUNK, '500')],
    ['removed', 'SUBJECT_MISSING', `missing: ${CHUNK}`, () => rm(ws.file(CHUNK)), () => ws.write(CHUNK, '500')],
    ['removed at the end', 'SUBJECT_MISSING', `missing: ${DIST}/main.js`, () => rename(ws.file(`${DIST}/main.js`), ws.file('main.js')), () => rename(ws.file('main.js'), ws.file(`${DIST}/main.js`))],
    ['added', 'SUBJECT_EXTRA', `not proved: ${DIST}/chunks/500.mjs`, () => ws.write(`${DIST}/chunks/500.mjs`, 'x'), () => rm(ws.file(`${DIST}/chunks/500.mjs`))],
    ['added at the end', 'SUBJECT_EXTRA', `not proved: ${DIST}/z`, () => ws.write(`${DIST}/z`, 'x'), () => rm(ws.file(`${DIST}/z`))],
    ['every one', 'SUBJECT_MISSING', 'ARTIFACTS_EMPTY', () => rename(ws.file(DIST), ws.file('node_modules/dist')), () => rename(ws.file('node_modules/dist'), ws.file(DIST))],
  ] as [string, string, string, () => Promise<unknown>, () => Promise<unknown>][])('names the file that was %s: %s', async (_name, code, message, tamper, restore) => {
    await tamper();
    const verdict = await verify(ws);
    await restore();
    expect(failures(verdict)).toEqual([`subjects ${code}`]);
    expect(checkOf(verdict, 'subjects').message).toContain(message);
  });

  it.each([
    ['missing', 'SUBJECT_MISSING', () => rm(ws.file(files(ws).manifest))],
    ['edited', 'SUBJECT_MISMATCH', async () => ws.write(files(ws).manifest, (await ws.read(files(ws).manifest)).replace('chunks/500.js', 'chunks/500.jx'))],
  ] as [string, string, () => Promise<unknown>][])('refuses a manifest that is %s: %s', async (_name, code, tamper) => {
    await tamper();
    const verdict = await verify(ws);
    expect(failures(verdict)).toEqual([`subjects ${code}`]);
    expect(checkOf(verdict, 'subjects').message).toContain(files(ws).manifest);
  });

  it('refuses a manifest made anew to hide a change: SUBJECT_MISMATCH', async () => {
    await ws.write(CHUNK, 'x');
    await ws.create();
    const verdict = await verify(ws);
    await ws.write(CHUNK, '500');
    expect(failures(verdict)).toEqual(['subjects SUBJECT_MISMATCH']);
  });

  it('refuses a manifest that cannot be read as a file of its own: a link', async () => {
    await rename(ws.file(files(ws).manifest), ws.file('node_modules/manifest.json'));
    const { symlink } = await import('node:fs/promises');
    await symlink('../../../../node_modules/manifest.json', ws.file(files(ws).manifest));
    const verdict = await verify(ws);
    await rm(ws.file('node_modules/manifest.json'));
    expect(failures(verdict)).toEqual(['subjects SUBJECT_EXTRA']);
    expect(checkOf(verdict, 'subjects').message).toContain('ARTIFACT_SYMLINK');
  });

  it.each([
    ['lacks its newline', 'cannot be read', (text: string) => text.trimEnd()],
    ['is another document', 'cannot be read', () => '[]'],
    ['has another size', 'does not list the artifacts as they are', (text: string) => text.replace('"size":3', '"size":4')],
    ['leaves a file out', `not proved: ${CHUNK}`, (text: string) => text.replace(/,\{"path":"[^"]*\/500\.js"[^}]*\}/, '')],
    ['names one more', 'missing: apps/app/dist/zz', (text: string) => text.replace('],"version"', `,{"path":"apps/app/dist/zz","sha256":"${'f'.repeat(64)}","size":1}],"version"`)],
  ])('refuses a manifest that was signed and %s', async (_name, message, edit) => {
    const text = edit(await ws.read(files(ws).manifest));
    await ws.write(files(ws).manifest, text);
    await resign(ws, key, (s) => void (s.subject[0]!.digest = { sha256: sha256Hex(text) }));
    const verdict = await verify(ws);
    expect(verdict.result).toBe('FAILED');
    expect(checkOf(verdict, 'subjects')).toMatchObject({ status: 'failed', message: expect.stringContaining(message) as unknown });
  });

  it('refuses another dirHash beside a right manifest', async () => {
    await resign(ws, key, (s) => void (s.subject[1]!.digest = { dirHash: 'f'.repeat(64) }));
    expect(checkOf(await verify(ws), 'subjects')).toMatchObject({ code: 'SUBJECT_MISMATCH', message: `not as proved: ${DIST}` });
  });
});
