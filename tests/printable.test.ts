import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable } from '../src/files';

describe('printable', () => {
  it.each([
    ['apps/[id]/é 日本 \u{1F600}.js', 'apps/[id]/é 日本 \u{1F600}.js'],
    ['a\nb\r\t\u001b[31m\u007f', 'a\\x0ab\\x0d\\x09\\x1b[31m\\x7f'],
    ['\u0085\u2028\u2029', '\\xc2\\x85\\xe2\\x80\\xa8\\xe2\\x80\\xa9'],
    ['exe.\u202etxt', 'exe.\\xe2\\x80\\xaetxt'],
    [Buffer.from('é\n'), 'é\\x0a'],
    [Buffer.of(0x63, 0x61, 0x66, 0xe9, 0x0a), 'caf\\xe9\\x0a'],
    [new Uint8Array([0xff, 0x41]), '\\xffA'],
  ])('when the name is %j, messages show %s', (name, shown) => {
    expect(printable(name)).toBe(shown);
  });

  it('when a name is anything at all, what is shown is one line without control or format characters', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array()), (name) => {
        expect(printable(name)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});
