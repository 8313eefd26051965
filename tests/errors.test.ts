import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES, ProofError, isProofError, isSystemError, toProofError, worstExit, type ErrorCode, type ExitCode } from '../src/errors';

const codes = Object.keys(ERROR_CODES) as ErrorCode[];

/** The rows of docs/errors.md: code, exit code by the heading above, meaning and remedy. */
function documented(): { code: string; exit: number; meaning: string; remedy: string }[] {
  let exit = 0;
  return readFileSync('docs/errors.md', 'utf8').split('\n').flatMap((line) => {
    exit = Number(/^## Exit code (\d)/.exec(line)?.[1] ?? exit);
    const [, code, meaning, remedy] = /^\| `(\w+)` \| (.*) \| (.*) \|$/.exec(line) ?? [];
    return code === undefined || meaning === undefined || remedy === undefined ? [] : [{ code, exit, meaning, remedy }];
  });
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('generated'))
    .map((name) => path.join(folder, name))
    .filter((file) => file !== path.join('src', 'errors.ts'));
}

describe('docs/errors.md', () => {
  it('has every code with its exit code and remedy, in the order of ERROR_CODES, and no other', () => {
    const table = codes.map((code) => ({ code, exit: ERROR_CODES[code].exit as number, remedy: ERROR_CODES[code].hint.replaceAll('|', '\\|') }));
    expect(documented().map(({ code, exit, remedy }) => ({ code, exit, remedy }))).toEqual(table.sort((a, b) => a.exit - b.exit));
  });

  it.each(documented())('says what $code means', ({ meaning }) => {
    expect(meaning.length).toBeGreaterThan(20);
  });
});

describe('ERROR_CODES', () => {
  const text = sources('src').map((file) => readFileSync(file, 'utf8')).join('\n');
  // What src/errors.ts itself raises, in toProofError.
  const own: readonly ErrorCode[] = ['IO_ERROR', 'ABORTED', 'INTERNAL'];

  it.each(codes.filter((code) => !own.includes(code)))('has %s because something raises it', (code) => {
    expect(text.includes(`'${code}'`)).toBe(true);
  });

  it.each(codes)('gives %s a hint of one sentence', (code) => {
    expect(ERROR_CODES[code].hint).toMatch(/^[A-Z].*\.$/);
  });
});

describe('ProofError', () => {
  it('carries code, exit code, hint, cause and details', () => {
    const cause = new Error('inner');
    const error = new ProofError('KEY_INVALID', 'no key', { cause, details: { file: 'k.pem' } });
    expect(error).toMatchObject({ name: 'ProofError', message: 'no key', code: 'KEY_INVALID', exitCode: 2, hint: ERROR_CODES.KEY_INVALID.hint, cause, details: { file: 'k.pem' } });
    expect(new ProofError('INTERNAL', 'x')).toMatchObject({ details: {}, exitCode: 3 });
    expect('cause' in new ProofError('INTERNAL', 'x')).toBe(false);
  });

  it('is recognised by name and code, also from another copy of the package', () => {
    const foreign = Object.assign(new Error('x'), { name: 'ProofError', code: 'IO_ERROR' });
    expect([new ProofError('IO_ERROR', 'x'), foreign].map(isProofError)).toEqual([true, true]);
    expect([new Error('x'), { name: 'ProofError', code: 'IO_ERROR' }, undefined].map(isProofError)).toEqual([false, false, false]);
  });
});

describe('toProofError', () => {
  it('leaves a ProofError alone', () => {
    const error = new ProofError('KEY_EXISTS', 'x');
    expect(toProofError(error, 'app')).toBe(error);
  });

  it.each([
    ['a failure of the file system', Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC', syscall: 'write' }), 'IO_ERROR', 'app: ENOSPC: no space left'],
    ['an abort', new DOMException('aborted', 'AbortError'), 'ABORTED', 'app: interrupted'],
    ['a defect', new TypeError('x is not a function'), 'INTERNAL', 'app: x is not a function'],
    ['what is no error', 'text', 'INTERNAL', 'app: text'],
  ])('makes of %s a ProofError with the context', (_, thrown, code, message) => {
    expect(toProofError(thrown, 'app')).toMatchObject({ code, message, cause: thrown });
  });

  it('needs no context', () => {
    expect(toProofError(new Error('x')).message).toBe('x');
  });
});

describe('worstExit', () => {
  it.each([
    [[], 0],
    [[0, 0], 0],
    [[0, 2], 2],
    [[2, 3, 0], 3],
    [[3, 2, 1], 1],
  ] as const)('of %j is %i: 1 before 3 before 2', (exits, expected) => expect(worstExit(exits)).toBe(expected));

  it.each([undefined, 4])('of %j, which is no exit code, is 3 and never 0', (code) => expect(worstExit([0, code as ExitCode])).toBe(3));
});

describe('isSystemError', () => {
  it('is true for errors with a system call and a code', () => {
    expect(isSystemError(Object.assign(new Error('x'), { syscall: 'open', code: 'ENOENT' }))).toBe(true);
    expect(isSystemError(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe(false);
    expect(isSystemError('ENOENT')).toBe(false);
  });
});
