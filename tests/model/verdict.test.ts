import { describe, expect, it } from 'vitest';
import { CHECKS, resultOf, type CheckName, type Checks, type CheckStatus } from '../../src/model/verdict';
import { notReached } from '../../src/verify';

const checks = (changes: Partial<Record<CheckName, CheckStatus>> = {}): Checks =>
  Object.fromEntries(CHECKS.map((name) => [name, { name, status: changes[name] ?? (name === 'builder' ? 'asserted' : 'passed'), message: '' }])) as unknown as Checks;

describe('resultOf', () => {
  it('is PASSED when every check passed', () => {
    expect(resultOf(checks())).toBe('PASSED');
    expect(resultOf(checks({ builder: 'passed', source: 'asserted', envelope: 'unchecked', freshness: 'unchecked', dependencies: 'unchecked' }))).toBe('PASSED');
    expect(resultOf(checks({ source: 'unchecked' }))).toBe('PASSED');
  });

  it.each(CHECKS)('is FAILED when %s failed', (name) => {
    expect(resultOf(checks({ [name]: 'failed' }))).toBe('FAILED');
  });

  it.each(['bundle', 'signature', 'statement', 'subjects', 'identity', 'predicate', 'builder'] as const)('is FAILED when %s was not checked', (name) => {
    expect(resultOf(checks({ [name]: 'unchecked' }))).toBe('FAILED');
  });

  it.each(CHECKS.filter((name) => name !== 'builder' && name !== 'source'))('is FAILED when %s is only asserted', (name) => {
    expect(resultOf(checks({ [name]: 'asserted' }))).toBe('FAILED');
  });

  it.each(CHECKS)('is never PASSED when %s is missing, or another check stands in its place', (name) => {
    const { [name]: _left, ...rest } = checks();
    expect(() => resultOf(rest as unknown as Checks)).toThrow(TypeError);
    const other = name === 'bundle' ? 'signature' : 'bundle';
    expect(resultOf({ ...checks(), [name]: checks()[other] } as Checks)).toBe('FAILED');
  });

  it.each(CHECKS)('is FAILED for what was not reached after %s', (name) => {
    expect(resultOf(notReached(name))).toBe('FAILED');
  });
});
