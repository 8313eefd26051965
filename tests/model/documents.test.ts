import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/model/json';
import { manifestBytes } from '../../src/model/manifest';
import { proofTime } from '../../src/model/time';
import { workspaceUri } from '../../src/model/uri';

const text = async (files: { path: string; size: number; sha256: string }[]): Promise<string> => {
  let all = '';
  for await (const chunk of manifestBytes(files)) all += chunk.toString();
  return all;
};

describe('manifestBytes', () => {
  it('writes the RFC 8785 bytes of the whole document, however many chunks', async () => {
    const files = Array.from({ length: 3000 }, (_, i) => ({ path: `dist/ü "${i}".js`, size: i, sha256: createHash('sha256').update(String(i)).digest('hex') }));
    expect(await text(files)).toBe(`${canonicalJson({ version: 1, files })}\n`);
  });

  it('writes an empty list', async () => {
    expect(await text([])).toBe('{"files":[],"version":1}\n');
  });
});

describe('canonicalJson', () => {
  it('refuses what JSON cannot express', () => {
    expect(() => canonicalJson(undefined)).toThrow(TypeError);
  });
});

describe('proofTime', () => {
  const commit = new Date('2026-03-04T05:06:07.890Z');

  it('is the time of the commit, in whole seconds', () => {
    expect(proofTime({}, commit)).toBe('2026-03-04T05:06:07Z');
    expect(proofTime({ SOURCE_DATE_EPOCH: '' }, commit)).toBe('2026-03-04T05:06:07Z');
  });

  it('is SOURCE_DATE_EPOCH when that is set', () => {
    expect(proofTime({ SOURCE_DATE_EPOCH: '0' }, commit)).toBe('1970-01-01T00:00:00Z');
    expect(proofTime({ SOURCE_DATE_EPOCH: '1767225600' }, commit)).toBe('2026-01-01T00:00:00Z');
  });

  it.each(['now', '-1', '1.5', '01', '999999999999'])('refuses SOURCE_DATE_EPOCH=%s', (value) => {
    expect(() => proofTime({ SOURCE_DATE_EPOCH: value }, commit)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }) as Error);
  });
});

describe('workspaceUri', () => {
  it.each([
    ['apps/app/dist/main.js', 'file', 'workspace:/apps/app/dist/main.js'],
    ['apps/app/dist', 'folder', 'workspace:/apps/app/dist/'],
    ['.', 'folder', 'workspace:/'],
    ['a b/#?%.js', 'file', 'workspace:/a%20b/%23%3F%25.js'],
  ] as const)('writes %s (%s) as %s', (path, kind, uri) => {
    expect(workspaceUri(path, kind)).toBe(uri);
  });
});
