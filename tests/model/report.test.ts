import { describe, expect, it } from 'vitest';
import { ProofError } from '../../src/errors';
import { count, errorLines, formatBytes, verdictLines } from '../../src/model/report';

describe('verdictLines', () => {
  it('when a proof passed there is a line for each check', () => {
    const lines = verdictLines({
      project: 'app',
      result: 'PASSED',
      subjects: { files: 2, bytes: 1234 },
      signer: { kind: 'key', fingerprint: 'ab12' },
      statementSha256: 'cd34',
      checks: [{ name: 'bundle', status: 'passed', message: 'fine' }],
    });
    expect(lines).toEqual(['[brAInwav] app: PASSED; 2 files, 1.23 kB; signed by key ab12; statement sha256:cd34', '  passed    bundle       fine']);
  });

  it('when a check failed its code, exit code and remedy follow', () => {
    const lines = verdictLines({
      project: 'app',
      result: 'FAILED',
      signer: { kind: 'certificate', issuer: 'https://issuer.example', identity: 'me@example.com' },
      checks: [{ name: 'subjects', status: 'failed', code: 'SUBJECT_EXTRA', message: 'a file too many' }],
    });
    expect(lines).toEqual([
      '[brAInwav] app: FAILED; signed by me@example.com (https://issuer.example)',
      '  failed    subjects     a file too many (SUBJECT_EXTRA, exit 1)',
      '                         A file that was not proved lies in an artifact root; remove it, or create and sign the proof again.',
    ]);
    expect(verdictLines({ project: 'app', result: 'FAILED', checks: [] })).toEqual(['[brAInwav] app: FAILED']);
  });
});

describe('errorLines', () => {
  it('when it concerns a project it is named', () => {
    const error = new ProofError('ABORTED', 'stopped');
    expect(errorLines('app', error)).toEqual(['[brAInwav] app: stopped (ABORTED, exit 3)', '  The run was interrupted; run it again.']);
    expect(errorLines(undefined, error)[0]).toBe('[brAInwav] stopped (ABORTED, exit 3)');
  });
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1 kB'],
    [1234, '1.23 kB'],
    [999_499, '999 kB'],
    [999_999, '1 MB'],
    [48_000_000_000, '48 GB'],
    [5e15, '5000 TB'],
  ])('of %i it is %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

describe('count', () => {
  it('when there is one it is singular', () => {
    expect([0, 1, 2].map((number) => count(number, 'file'))).toEqual(['0 files', '1 file', '2 files']);
  });
});
