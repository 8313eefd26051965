import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProofError } from '../../src/errors';
import { hashFileSync, type SyncReading } from '../../src/hash/hash-file';
import { fromFailure, isAborted, toFailure } from '../../src/hash/protocol';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'nx-proof-sync-'));
  await writeFile(path.join(root, 'a.txt'), 'x'.repeat(100));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const reading = (rest: Partial<SyncReading> = {}): SyncReading => ({ buffer: Buffer.alloc(16), accepts: () => true, stopped: () => false, onRead: () => undefined, ...rest });
const digest = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest('hex');
const thrownBy = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

describe('hashFileSync', () => {
  it('digests a file through a small buffer', () => {
    expect(JSON.stringify(hashFileSync(root, 'a.txt', reading({ sha512: true })))).toContain(digest('sha512', 'x'.repeat(100)));
    expect(JSON.stringify(hashFileSync(root, 'a.txt', reading()))).toContain(digest('sha256', 'x'.repeat(100)));
  });

  it('leaves a file that is not accepted by its size', () => {
    expect(hashFileSync(root, 'a.txt', reading({ accepts: (size) => size < 100 }))).toBeUndefined();
  });

  it('stops before and while it reads', () => {
    let asked = 0;
    expect(thrownBy(() => hashFileSync(root, 'a.txt', reading({ stopped: () => true })))).toMatchObject({ code: 'ABORTED' });
    expect(thrownBy(() => hashFileSync(root, 'a.txt', reading({ stopped: () => (asked += 1) > 2 })))).toMatchObject({ code: 'ABORTED' });
  });

  it('refuses what is missing, a folder, and a link', async () => {
    await mkdir(path.join(root, 'folder'));
    await symlink('a.txt', path.join(root, 'link')).catch(() => undefined);
    expect(thrownBy(() => hashFileSync(root, 'none', reading()))).toMatchObject({ code: 'IO_ERROR' });
    expect(thrownBy(() => hashFileSync(root, 'folder', reading()))).toMatchObject({ code: 'ARTIFACT_KIND' });
    expect(thrownBy(() => hashFileSync(root, 'link', reading()))).toBeInstanceOf(ProofError);
  });
});

describe('a failure between threads', () => {
  it('keeps code, message, details and the code of its cause', () => {
    const cause = Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
    const error = new ProofError('IO_ERROR', 'a.txt cannot be read', { cause, details: { path: 'a.txt' } });
    const copy = fromFailure(structuredClone(toFailure(error)));
    expect(copy).toMatchObject({ code: 'IO_ERROR', message: 'a.txt cannot be read', details: { path: 'a.txt' }, cause: { message: 'EIO: i/o error', code: 'EIO' } });
    expect(fromFailure(toFailure(new ProofError('FILE_CHANGED', 'b', { cause: new Error('c') })))).toMatchObject({ code: 'FILE_CHANGED', message: 'b' });
    expect(isAborted(new ProofError('ABORTED', 'x'))).toBe(true);
    expect(isAborted(error)).toBe(false);
  });
});
