import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { describe, expect, it } from 'vitest';
import { editTreeJson, readTreeJson } from '../../src/nx/edit-json';

describe('editTreeJson', () => {
  const edit = (text: string | undefined, ...edits: Parameters<typeof editTreeJson>[2][number][]): string | null => {
    const tree = createTreeWithEmptyWorkspace();
    if (text !== undefined) tree.write('f.json', text);
    editTreeJson(tree, 'f.json', edits);
    return tree.read('f.json', 'utf-8');
  };

  it('when a value is set everything else stays as it is', () => {
    const text = '{\n    // why\n    "a": [1,\n 2],\n    "b": {\n        "x": 1\n    },\n\n    "c":3\n}\n';
    expect(edit(text, { path: ['b', 'y'], value: true })).toBe(text.replace('"x": 1', '"x": 1,\n        "y": true'));
  });

  it('when the file is indented by tabs and has Windows line ends so is what is added', () => {
    expect(edit('{\r\n\t"a": 1\r\n}\r\n', { path: ['n', 'm'], value: ['x'] })).toBe('{\r\n\t"a": 1,\r\n\t"n": {\r\n\t\t"m": [\r\n\t\t\t"x"\r\n\t\t]\r\n\t}\r\n}\r\n');
  });

  it('when the file is new it has an object', () => {
    expect(edit(undefined, { path: ['a'], value: 1 })).toBe('{\n  "a": 1\n}\n');
  });

  it('when nothing is to be set nothing is written', () => {
    const tree = createTreeWithEmptyWorkspace();
    editTreeJson(tree, 'other.json', []);
    expect(tree.exists('other.json')).toBe(false);
  });
});

describe('readTreeJson', () => {
  const read = (text: string | undefined): unknown => {
    const tree = createTreeWithEmptyWorkspace();
    if (text !== undefined) tree.write('f.json', text);
    return readTreeJson(tree, 'f.json');
  };

  it('when the file has comments, trailing commas or a byte order mark it is read', () => {
    expect(read('\uFEFF{ /* x */ "a": [1,], }')).toEqual({ a: [1] });
  });

  it.each([['{'], ['[]'], ['null'], ['']])('when it is %j it is refused', (text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'WORKSPACE_INVALID', message: 'f.json must be a JSON object' }) as Error);
  });

  it('when it is missing it is refused', () => {
    expect(() => read(undefined)).toThrow(expect.objectContaining({ code: 'WORKSPACE_INVALID', message: 'f.json is missing' }) as Error);
  });
});
