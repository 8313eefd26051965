import { describe, expect, it } from 'vitest';
import { OPTION_NAMES, parseOptions, type Verb } from '../../src/nx/options';

describe('parseOptions', () => {
  it('when the options are right it returns them, without what Nx adds', () => {
    const raw = { artifacts: ['dist'], buildTarget: 'bundle', sha512: true, actor: undefined, __overrides_unparsed__: ['--sha512'], verbose: true };
    expect(parseOptions('create', raw)).toEqual({ artifacts: ['dist'], buildTarget: 'bundle', sha512: true });
    expect(parseOptions('sign', {})).toEqual({});
    expect(parseOptions('verify', { policy: 'p.json', strict: false })).toEqual({ policy: 'p.json', strict: false });
  });

  const WRONG: [Verb, Record<string, unknown>, string][] = [
    ['create', { artefacts: ['dist'] }, 'option "artefacts" with the value ["dist"] is not an option of create; it has artifacts, buildTarget,'],
    ['create', { artifacts: 'dist' }, 'option "artifacts" with the value "dist" must be array'],
    ['create', { artifacts: [] }, 'option "artifacts" with the value [] must NOT have fewer than 1 items'],
    ['create', { artifacts: ['dist', 7] }, 'option "artifacts" with the value ["dist",7] is wrong at /1: it must be string'],
    ['create', { sha512: 'yes' }, 'option "sha512" with the value "yes" must be boolean'],
    ['create', { sha512: null }, 'option "sha512" with the value null must be boolean'],
    ['create', { actor: { agent: 'me' } }, 'option "actor" with the value {"agent":"me"} must have required property \'role\''],
    ['create', { actor: { agent: 'me', role: 'x', extra: 1 } }, 'must not have the field "extra"'],
    ['create', { policyReceipts: [{ name: 'x', status: 'maybe' }] }, 'is wrong at /0/status: it must be equal to one of the allowed values: ["pass","fail","warn"]'],
    ['sign', { key: '' }, 'option "key" with the value "" must NOT have fewer than 1 characters'],
    ['sign', { sha512: true }, 'option "sha512" with the value true is not an option of sign; it has key'],
    ['verify', { policyDigest: 'ABC' }, 'option "policyDigest" with the value "ABC" must match pattern'],
    ['verify', { _: ['extra'] }, 'the argument ["extra"] is not expected here; options are given as --name=value'],
  ];
  it.each(WRONG)('when %s gets %j it names the option, the value and what is expected', (verb, raw, message) => {
    expect(() => parseOptions(verb, raw)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(message) as string }) as Error);
  });

  it('when the value is long it is cut', () => {
    expect(() => parseOptions('sign', { key: 'k', other: 'x'.repeat(500) })).toThrow(/"x{99}… is not/);
  });
});

describe('OPTION_NAMES', () => {
  it('has the options of each executor', () => {
    expect(OPTION_NAMES.sign).toContain('key');
    expect(OPTION_NAMES.verify).toEqual(['policy', 'policyDigest', 'strict']);
  });
});
