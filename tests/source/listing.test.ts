import { describe, expect, it } from 'vitest';
import { quotePath } from '../../src/source/changes';
import { isProofFile, parseListed, trustOf } from '../../src/source/listing';

const ID = 'd00491fd7e5bb6fa28c517a0bb32b8b506539d4d';

describe('parseListed', () => {
  it.each([
    [`H 100644 ${ID} 0\tapps/a/x`, { tag: 'H', mode: '100644', id: ID, stage: 0, path: 'apps/a/x' }],
    [`C 120000 ${ID} 0\ta\tb\nc`, { tag: 'C', mode: '120000', id: ID, stage: 0, path: 'a\tb\nc' }],
    [`M 100644 ${ID} 2\tx`, { tag: 'M', mode: '100644', id: ID, stage: 2, path: 'x' }],
    [`? 100644 ${ID} 0\tx`, { tag: '?', path: `100644 ${ID} 0\tx` }],
    ['? nested/', { tag: '?', path: 'nested/' }],
  ])('when given %j it reads it', (record, file) => {
    expect(parseListed(record)).toEqual(file);
  });

  it('when a record is none of git it says so', () => {
    expect(() => parseListed('H x')).toThrow(TypeError);
  });
});

describe('trustOf', () => {
  const of = (tag: string, stage = 0): string => trustOf({ tag, stage, path: 'x' });

  it('when the index is up to date it is believed; what is changed, hidden or in conflict is read from disk', () => {
    expect([of('H'), of('S'), of('C'), of('R'), of('h'), of('s'), of('M', 1), of('H', 2), trustOf({ tag: '?', path: 'x' })]).toEqual([
      'index', 'sparse', 'disk', 'disk', 'disk', 'disk', 'disk', 'disk', 'disk',
    ]);
  });
});

describe('isProofFile', () => {
  it('when a path lies in a folder .proof it is one, and only then', () => {
    expect(['.proof/create/x', 'apps/a/.proof/x'].map(isProofFile)).toEqual([true, true]);
    expect(['.proof', 'a/.proofs/x', 'a/x.proof/y', 'proof/x'].map(isProofFile)).toEqual([false, false, false, false]);
  });
});

describe('quotePath', () => {
  it('when a name holds control characters, quotes or backslashes it is quoted as git reads it', () => {
    expect(quotePath('a/b c.ts')).toBe('a/b c.ts');
    expect(quotePath('"a"\n\\\r\u007f')).toBe('"\\042a\\042\\012\\134\\015\\177"');
  });
});
