import { appendFile, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { TrustEvent } from '../../src/events';
import { appendAudit, readAudit, verifyAudit } from '../../src/trust/audit';
import { Journal } from '../../src/trust/journal';
import { testEnv } from '../support/env';
import { temporaryFolder } from '../support/folder';

const ZEROS = '0'.repeat(64);
const signal = new AbortController().signal;
let folder: string;
let file: string;
beforeEach(() => {
  folder = temporaryFolder();
  file = path.join(folder, 'audit.jsonl');
});

const event = (reason: string): TrustEvent => ({ action: 'hit', origin: 'https://tuf.example.com', correlation: 'c', reason });
const append = (reason: string, rotateAt?: number) => appendAudit(folder, event(reason), { now: new Date(), signal, ...(rotateAt === undefined ? {} : { rotateAt }) });
const reasons = async (): Promise<(string | undefined)[]> => {
  const all: (string | undefined)[] = [];
  for await (const line of readAudit(folder)) all.push(line.reason);
  return all;
};
const lines = async (): Promise<string[]> => (await readFile(file, 'utf8')).split('\n').slice(0, -1);
const write = (all: readonly string[]): Promise<void> => writeFile(file, all.map((line) => `${line}\n`).join(''));

describe('the audit log', () => {
  it('is intact when there is none', async () => {
    expect(await verifyAudit(folder)).toEqual({ result: 'intact', lines: 0, head: ZEROS, startsAt: 'beginning' });
    expect(await reasons()).toEqual([]);
  });

  it('is a chain from the first line to the last, whoever writes at the same time', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, index) => append(String(index))));
    expect(await verifyAudit(folder)).toMatchObject({ result: 'intact', lines: 20, startsAt: 'beginning' });
    expect(new Set(await reasons()).size).toBe(20);
    expect(JSON.parse((await lines())[0]!)).toMatchObject({ previous: ZEROS, action: 'hit', origin: 'https://tuf.example.com', correlation: 'c' });
  });

  it('names another head after each line', async () => {
    await append('a');
    const first = await verifyAudit(folder);
    await append('b');
    expect(JSON.parse((await lines())[1]!)).toMatchObject({ previous: (first as { head: string }).head });
  });

  const edits: [string, (all: string[]) => string[], number][] = [
    ['a line was changed', (all) => all.with(1, all[1]!.replace('"b"', '"x"')), 3],
    ['a line was removed', (all) => all.toSpliced(1, 1), 2],
    ['the first line was removed', (all) => all.slice(1), 1],
    ['a line was added', (all) => all.toSpliced(1, 0, all[0]!), 2],
    ['lines changed places', (all) => [all[0]!, all[2]!, all[1]!, all[3]!], 2],
    ['a line is no JSON', (all) => all.with(2, 'x'), 3],
    ['a line is another kind of JSON', (all) => all.with(2, '{}'), 3],
    ['a line was written in another way', (all) => all.with(3, ` ${all[3]!}`), 4],
  ];
  it.each(edits)('is broken when %s', async (_, edit, line) => {
    for (const reason of ['a', 'b', 'c', 'd']) await append(reason);
    await write(edit(await lines()));
    expect(await verifyAudit(folder)).toMatchObject({ result: 'broken', file: 'audit.jsonl', line });
  });

  it('loses half a line of a process that was killed, and goes on', async () => {
    await append('a');
    await append('b');
    await appendFile(file, '{"action":"hit"');
    await append('c');
    expect(await verifyAudit(folder)).toMatchObject({ result: 'intact', lines: 3 });
    await rm(file);
    await writeFile(file, '{"act');
    await append('d');
    expect(await reasons()).toEqual(['d']);
    expect(await verifyAudit(folder)).toMatchObject({ result: 'intact' });
  });

  it('begins a new file when it is large, and the chain goes on in it', async () => {
    for (let index = 0; index < 12; index += 1) await append(String(index), 600);
    expect((await readdir(folder)).sort()).toEqual(['audit.1.jsonl', 'audit.jsonl']);
    expect(await verifyAudit(folder)).toMatchObject({ result: 'intact', startsAt: 'rotation' });
    expect((await reasons()).at(-1)).toBe('11');
    // Killed after the old file was moved, before the new one had a line.
    await rm(file);
    await append('after');
    expect(await verifyAudit(folder)).toMatchObject({ result: 'intact' });
    await rm(path.join(folder, 'audit.1.jsonl'));
    expect(await verifyAudit(folder)).toMatchObject({ result: 'broken', line: 1 });
  });

  it('says whether anything was given up', async () => {
    await append('a');
    await append('b', 1);
    expect(await verifyAudit(folder)).toMatchObject({ result: 'intact', lines: 2, startsAt: 'beginning' });
    await append('c', 1);
    expect(await verifyAudit(folder)).toMatchObject({ result: 'intact', lines: 2, startsAt: 'rotation' });
    await truncate(path.join(folder, 'audit.1.jsonl'), 5);
    expect(await verifyAudit(folder)).toMatchObject({ result: 'broken', file: 'audit.1.jsonl', line: 1 });
    expect(await reasons()).toEqual(['c']);
  });

  it('says so when it cannot be read', async () => {
    await expect(verifyAudit(path.join(folder, '\0'))).rejects.toThrow();
  });
});

describe('a journal', () => {
  it('tells of each thing by an event, a counter and a line', async () => {
    const heard: unknown[] = [];
    const listen = (message: unknown): void => void heard.push(message);
    subscribe('nx-proof:trust', listen);
    const journal = new Journal(testEnv(), 'https://tuf.example.com', 'abc');
    await journal.note('miss');
    journal.folder = folder;
    await journal.note('refresh', { entry: 'f'.repeat(64) });
    await journal.note('refusal', { reason: `line\u2028break ${'x'.repeat(3000)}` });
    unsubscribe('nx-proof:trust', listen);
    expect(heard).toEqual([
      { action: 'miss', origin: 'https://tuf.example.com', correlation: 'abc' },
      { action: 'refresh', origin: 'https://tuf.example.com', correlation: 'abc', entry: 'f'.repeat(64) },
      expect.objectContaining({ action: 'refusal', reason: expect.stringMatching(/^line\\xe2\\x80\\xa8break x{1900,}$/) }),
    ]);
    expect(await verifyAudit(folder)).toMatchObject({ result: 'intact', lines: 2 });
    expect(journal.warnings).toEqual([]);
  });

  it('warns when lines cannot be written, and does not fail', async () => {
    const journal = new Journal(testEnv(), 'https://tuf.example.com', 'abc');
    journal.folder = path.join(folder, 'none');
    await journal.note('hit');
    expect(journal.warnings).toEqual([expect.stringContaining('ENOENT')]);
  });
});
