import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPath } from '../../src/hash';
import { componentsOf, sortByBytes } from '../../src/hash/paths';
import { ODD_NAMES } from './trees';

describe('checkPath', () => {
  it.each(['a\\b', 'a/..\\..\\b', 'C:', 'C:/x', 'a.js:stream'])('when the platform is Windows, %s is refused, since it can name something else', (file) => {
    expect(() => checkPath(file, '\\')).toThrow(expect.objectContaining({ code: 'ARTIFACT_NAME', details: { path: file } }));
    expect(() => checkPath(file, '/')).not.toThrow();
  });

  it.each(ODD_NAMES.filter((name) => !name.includes('\\')))('when a component is "%s", it is accepted everywhere', (name) => {
    for (const file of [name, `a/${name}`, `${name}/a`]) for (const separator of ['/', '\\']) expect(() => checkPath(file, separator)).not.toThrow();
  });
});

describe('sortByBytes', () => {
  it('when strings have any characters, it orders them as their UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (names) => {
        const naive = names.map((name) => Buffer.from(name)).sort((a, b) => Buffer.compare(a, b));
        expect(sortByBytes([...names]).map((name) => Buffer.from(name))).toEqual(naive);
      }),
    );
  });
});

describe('componentsOf', () => {
  it.each([
    ['.', []],
    ['a', ['a']],
    ['a/b/c', ['a', 'a/b', 'a/b/c']],
  ])('when the folder is %s, they are %j', (folder, components) => {
    expect(componentsOf(folder)).toEqual(components);
  });
});
