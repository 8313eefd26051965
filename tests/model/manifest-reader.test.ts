import { describe, expect, it } from 'vitest';
import { manifestBytes, manifestFiles } from '../../src/model/manifest';
import { compareSorted, Differences } from '../../src/verify';

const A = 'a'.repeat(64);
const entries = Array.from({ length: 700 }, (_, i) => ({ path: `dist/ü{"}\\ ${i}\u{1F600}.js`, sha256: A, size: i }));

async function* chunked(text: string | Buffer, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text as string);
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const written = async (files: typeof entries): Promise<string> => Buffer.concat(await collect(manifestBytes(files))).toString();

describe('manifestFiles', () => {
  it.each([1, 7, 1000, 65_536, 10_000_000])('reads what manifestBytes wrote, in chunks of %i bytes', async (size) => {
    const some = size === 1 ? entries.slice(0, 20) : entries;
    expect(await collect(manifestFiles(chunked(await written(some), size)))).toEqual(some);
  });

  it.each([
    ['truncated', (text: string) => text.slice(0, -5)],
    ['with more behind it', (text: string) => `${text} `],
    ['empty', () => ''],
    ['without files, as no proof has it', () => '{"files":[],"version":1}\n'],
    ['with an entry that is not JSON', (text: string) => text.replace('"size":1', '"size":x')],
    ['with an endless entry', () => `{"files":[{"path":"${'x'.repeat(100_000)}`],
    ['not UTF-8', (text: string) => Buffer.concat([Buffer.from(text.slice(0, 30)), Buffer.from([0xff])])],
  ])('refuses one that is %s: JSON_INVALID', async (_name, edit) => {
    const text = edit(await written(entries.slice(0, 3)));
    await expect(collect(manifestFiles(chunked(text as string, 64)))).rejects.toMatchObject({ code: 'JSON_INVALID' });
  });
});

describe('compareSorted', () => {
  const list = async function* (...paths: string[]): AsyncGenerator<{ path: string; sha256: string }> {
    for (const path of paths) yield await Promise.resolve({ path: path.charAt(0), sha256: path.length > 1 ? path : A });
  };

  it.each([
    ['abc', 'abc', '', '', ''],
    ['abc', 'ac', '', 'b', ''],
    ['ac', 'abc', '', '', 'b'],
    ['', 'ab', '', '', 'a,b'],
    ['ab', '', '', 'a,b', ''],
    ['ad', 'bc', '', 'a,d', 'b,c'],
  ])('%j against %j', async (proved, found, mismatched, missing, extra) => {
    const differences = new Differences();
    await compareSorted(list(...proved), list(...found), differences);
    expect([differences.mismatched, differences.missing, differences.extra].map(({ shown }) => shown.join(','))).toEqual([mismatched, missing, extra]);
  });

  it('names what has another digest', async () => {
    const differences = new Differences();
    await compareSorted(list('a', 'b'), list('a', 'bb'), differences);
    expect(differences.mismatched.shown).toEqual(['b']);
    expect(differences.none).toBe(false);
  });
});
