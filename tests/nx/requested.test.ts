import { describe, expect, it } from 'vitest';
import { asksFor, requestedTargets } from '../../src/nx/requested';

const targets = (line: string): readonly string[] | undefined => requestedTargets(['node', 'nx', ...line.split(' ')])?.targets;

describe('requestedTargets', () => {
  it.each([
    ['run-many -t build proof-verify --parallel=2', ['build', 'proof-verify']],
    ['run-many -t build,proof-verify', ['build', 'proof-verify']],
    ['run-many -t=proof-verify -p app', ['proof-verify']],
    ['run-many --targets=a,b', ['a', 'b']],
    ['run-many --target proof-verify --all', ['proof-verify']],
    ['run-many --verbose --targets a b --projects x', ['a', 'b']],
    ['run-many -tproof-verify', ['proof-verify']],
    ['run-many -t a -- -t b', ['a']],
    ['run-many --projects x -t a --exclude y -t b', ['a', 'b']],
    ['affected -t proof-sign --base=main', ['proof-sign']],
    ['run-many --all', []],
  ])('of "nx %s" are %j', (line, expected) => expect(targets(line)).toEqual(expected));

  it('are not looked for in other commands', () => {
    expect(targets('run app:proof-verify')).toBeUndefined();
    expect(targets('proof-verify app -t x')).toBeUndefined();
  });

  it('come with the command', () => {
    expect(requestedTargets(['node', 'nx', 'affected', '-t', 'x'])?.command).toBe('affected');
    expect(requestedTargets(['node', 'nx', '--quiet', 'run-many', '-t', 'x'])?.command).toBe('run-many');
  });
});

describe('asksFor', () => {
  it.each([
    ['proof-verify', 'proof-verify', true],
    ['proof-*', 'proof-verify', true],
    ['*', 'proof-verify', true],
    ['proof-verif', 'proof-verify', false],
    ['proof.verify', 'proof-verify', false],
    ['proof-(sign|verify)', 'proof-verify', false],
    ['build-*', 'proof-verify', false],
  ])('%s, %s: %s', (pattern, target, expected) => expect(asksFor(pattern, target)).toBe(expected));
});
