import { describe, expect, it } from 'vitest';
import { QuoteScanner } from '../../src/model/quote';

function scan(options: ConstructorParameters<typeof QuoteScanner>[0], ...pieces: string[]): ReturnType<QuoteScanner['end']> {
  const scanner = new QuoteScanner(options);
  for (const piece of pieces) scanner.add(Buffer.from(piece));
  return scanner.end();
}

describe('QuoteScanner', () => {
  it.each([
    ['no quote', {}, ['a\nb'], { lines: 2, isFound: true }],
    ['a quote over two pieces', { quote: 'bc' }, ['ab', 'cd\n'], { lines: 1, isFound: true }],
    ['CRLF over two pieces', { quote: 'a\nb' }, ['a\r', '\nb'], { lines: 2, isFound: true }],
    ['CRLF in the quote', { quote: 'a\r\nb' }, ['a\nb'], { lines: 2, isFound: true }],
    ['a carriage return at the end', { quote: 'a\r' }, ['a\r'], { lines: 1, isFound: true }],
    ['a lone carriage return', { quote: 'a\rb' }, ['a\rb'], { lines: 1, isFound: true }],
    ['a quote before the range', { quote: 'a', lines: { start: 2, end: 2 } }, ['a\nb\nc'], { lines: 3, isFound: false }],
    ['a quote after the range', { quote: 'c', lines: { start: 2, end: 2 } }, ['a\n', 'b\n', 'c'], { lines: 3, isFound: false }],
    ['a quote in the range', { quote: 'b', lines: { start: 2, end: 2 } }, ['a\nb\nc'], { lines: 3, isFound: true }],
    ['nothing', { quote: 'a' }, [''], { lines: 0, isFound: false }],
  ] as const)('with %s', (_, options, pieces, finding) => {
    expect(scan(options, ...pieces)).toEqual(finding);
  });
});
