import { describe, expect, it } from 'vitest';
import { askGit, gitRecords, runGit } from '../../src/source/git';
import { temporaryFolder, writeFiles } from '../support/folder';
import { commitAll, git as plainGit } from '../support/git';

async function repository(files: Readonly<Record<string, string>>): Promise<{ root: string; signal: AbortSignal }> {
  const root = temporaryFolder();
  await writeFiles(root, files);
  commitAll(root);
  return { root, signal: new AbortController().signal };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('runGit', () => {
  it('when the consumer stops early git is ended', async () => {
    const git = await repository({ big: 'x'.repeat(8_000_000) });
    for await (const chunk of runGit(git, ['cat-file', 'blob', 'HEAD:big'])) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
  });

  it('when git fails before it has read its input the failure is reported, not the broken pipe', async () => {
    const git = await repository({ a: 'a' });
    const input = Array.from({ length: 2000 }, () => Buffer.from('missing\n'.repeat(1000)));
    await expect(collect(runGit(git, ['hash-object', '--stdin-paths'], input))).rejects.toMatchObject({ code: 'IO_ERROR', message: expect.stringContaining('missing') as string });
  });

  it('when git is killed it says so', async () => {
    const git = await repository({ a: 'a' });
    await expect(collect(runGit(git, ['-c', 'alias.die=!kill -9 $PPID', 'die']))).rejects.toMatchObject({
      code: 'IO_ERROR',
      message: expect.stringMatching(/failed \(exit by a signal\): it printed no reason/) as string,
    });
  });
});

describe('askGit', () => {
  it('when the answer is longer than any of its kind it is refused', async () => {
    const git = await repository({ big: 'x'.repeat(2_000_000) });
    await expect(askGit(git, ['cat-file', 'blob', 'HEAD:big'])).rejects.toMatchObject({ code: 'IO_ERROR' });
  });
});

describe('gitRecords', () => {
  it('when records cross the chunks they come whole', async () => {
    const lines = Array.from({ length: 30_000 }, (_, index) => `line ${index} ü`);
    const git = await repository({ lines: lines.map((line) => `${line}\n`).join('') });
    const records = (await collect(gitRecords(git, ['cat-file', 'blob', 'HEAD:lines'], '\n'))).flat();
    expect(records.map((record) => Buffer.from(record, 'latin1').toString())).toEqual(lines);
  });

  it('when a record does not end it is refused, in memory that does not grow', async () => {
    const git = await repository({ big: 'x'.repeat(2_000_000), small: 'a\nb' });
    await expect(collect(gitRecords(git, ['cat-file', 'blob', 'HEAD:big'], '\n'))).rejects.toMatchObject({ code: 'IO_ERROR' });
    await expect(collect(gitRecords(git, ['cat-file', 'blob', 'HEAD:small'], '\n'))).rejects.toMatchObject({ code: 'IO_ERROR', message: expect.stringContaining('middle') as string });
    expect(plainGit(git.root, 'cat-file', 'blob', 'HEAD:small')).toBe('a\nb');
  });
});
