import { describe, expect, it } from 'vitest';
import { findRule, isKeySigner, matchProjects, readPolicy, requiredProjects, ruleName } from '../../src/model/policy';

const KEY = 'a'.repeat(64);
const rule = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({ projects: ['*'], signers: [{ key: KEY }], ...changes });
const policy = (...rules: Record<string, unknown>[]): Buffer => Buffer.from(JSON.stringify({ version: 1, rules }));
const project = (name: string, tags: readonly string[] | undefined = []): { name: string; tags: readonly string[] | undefined } => ({ name, tags });
const thrownBy = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return error;
  }
};

describe('readPolicy', () => {
  it('reads every field', () => {
    const full = {
      $schema: 'x',
      version: 1,
      trust: { root: { tuf: { mirror: 'https://tuf.example', rootFile: 'root.json' } }, ttlHours: 1, maxStaleHours: 0, allowSeed: false, endpoints: ['https://tuf.example'] },
      required: ['app', 'tag:ship'],
      signing: { unobserved: 'refuse' },
      rules: [
        rule({ builderId: 'b', sourceRepository: 'https://github.com/acme/w', sourceRef: 'refs/heads/main', acceptAsserted: true, dependencies: 'verified', tlog: 'none', timestamp: 'optional', maxAgeDays: 1.5, scope: 'local' }),
        rule({ signers: [{ issuer: 'https://i', identity: 'me@acme.com' }, { issuer: 'https://i', identityPattern: 'https://github.com/acme/w/.github/workflows/*.yml@refs/heads/*' }] }),
      ],
    };
    expect(readPolicy(Buffer.from(JSON.stringify(full)))).toEqual(full);
  });

  it.each([
    ['an unknown field', '/', ['"rule"'], Buffer.from(JSON.stringify({ version: 1, rules: [], rule: 1 }))],
    ['another version', '/version', ['1'], Buffer.from(JSON.stringify({ version: 2, rules: [] }))],
    ['no rules', '/', ['rules'], Buffer.from('{"version":1}')],
    ['an unknown field of a rule', '/rules/1', ['"signer"'], policy(rule(), rule({ signer: [] }))],
    ['an unknown value', '/rules/0/dependencies', ['"verified"', '"any"'], policy(rule({ dependencies: 'all' }))],
    ['a rule without signers', '/rules/0/signers', ['1 items'], policy(rule({ signers: [] }))],
    ['an unknown kind of signer', '/rules/0/signers/0', ['{"key": 64 lowercase hex digits}', '"identityPattern"', '"fingerprint"'], policy(rule({ signers: [{ fingerprint: KEY }] }))],
    ['a short key', '/rules/0/signers/1', ['"abc"'], policy(rule({ signers: [{ key: KEY }, { key: 'abc' }] }))],
    ['a key in upper case', '/rules/0/signers/0', ['lowercase'], policy(rule({ signers: [{ key: KEY.toUpperCase() }] }))],
    ['an identity without an issuer', '/rules/0/signers/0', ['"issuer"'], policy(rule({ signers: [{ identity: 'x' }] }))],
    ['a signer for anybody', '/rules/0/signers/0', ['it is "*"'], policy(rule({ signers: ['*'] }))],
    ['key and identity in one signer', '/rules/0/signers/0', ['"issuer"'], policy(rule({ signers: [{ key: KEY, issuer: 'i', identity: 'x' }] }))],
    ['an unknown trust root', '/trust/root', ['"public-good"', '"staging"'], Buffer.from(JSON.stringify({ version: 1, rules: [], trust: { root: 'staging' } }))],
    ['a pattern with a star in the repository', '/rules/0/signers/0/identityPattern', ['owner'], policy(rule({ signers: [{ issuer: 'i', identityPattern: 'https://github.com/acme/*/x@y' }] }))],
    ['a repository with credentials', '/rules/0/sourceRepository', ['https://host/path'], policy(rule({ sourceRepository: 'https://u:p@github.com/acme/w' }))],
    ['an empty project pattern', '/rules/0/projects/0', ['empty'], policy(rule({ projects: [' '] }))],
    ['a tag without a name', '/rules/0/projects/1', ['empty'], policy(rule({ projects: ['a', 'tag:'] }))],
    ['an exclusion', '/rules/0/projects/0', ['"!app"'], policy(rule({ projects: ['!app'] }))],
    ['an exclusion in required', '/required/0', ['"tag:!x"'], Buffer.from(JSON.stringify({ version: 1, required: ['tag:!x'], rules: [] }))],
    ['a repeated field', '/', ['twice'], Buffer.from('{"version":1,"rules":[],"rules":[{"projects":["*"],"signers":[]}]}')],
  ] as [string, string, string[], Buffer][])('refuses %s and names %s', (_name, field, words, bytes) => {
    const error = thrownBy(() => readPolicy(bytes));
    expect(error).toMatchObject({ code: 'POLICY_INVALID', exitCode: 2, details: { field } });
    for (const word of [field, ...words]) expect((error as Error).message).toContain(word);
  });

  it('refuses what is not JSON', () => {
    expect(() => readPolicy(Buffer.from('{"version":1,'))).toThrow(expect.objectContaining({ code: 'POLICY_INVALID' }) as Error);
  });
});

describe('matchProjects', () => {
  const projects = [project('app', ['scope:web', 'ship']), project('app-e2e'), project('@acme/ui', ['scope:web']), project('@acme/x/y'), project('[x]')];
  it.each([
    ['app', ['app']],
    ['*', ['app', 'app-e2e', '@acme/ui', '@acme/x/y', '[x]']],
    ['app*', ['app', 'app-e2e']],
    ['@acme/*', ['@acme/ui']],
    ['@acme/**', ['@acme/ui', '@acme/x/y']],
    ['{app,@acme/ui}', ['app', '@acme/ui']],
    ['[x]', ['[x]']],
    ['tag:ship', ['app']],
    ['tag:scope:*', ['app', '@acme/ui']],
    ['tag:*', ['app', '@acme/ui']],
    ['App', []],
    ['ap', []],
  ])('%s names %j', (pattern, names) => {
    expect(matchProjects(pattern, projects).map(({ name }) => name)).toEqual(names);
  });

  it('never takes unknown tags for none', () => {
    expect(() => matchProjects('tag:ship', [project('app', ['ship']), { name: 'lib', tags: undefined }])).toThrow(
      expect.objectContaining({ code: 'GRAPH_REQUIRED', exitCode: 2, message: expect.stringContaining('lib') as unknown }) as Error,
    );
  });
});

describe('findRule', () => {
  const rules = readPolicy(policy(rule({ projects: ['lib'] }), rule({ projects: ['tag:ship', 'web'] }), rule({ projects: ['*-lib', 'tag:late'] })));

  it('takes the first rule that matches', () => {
    expect(findRule(rules, project('lib', ['ship']))).toBe(rules.rules[0]);
    expect(findRule(rules, project('x', ['ship', 'late']))).toBe(rules.rules[1]);
    expect(findRule(rules, project('x', ['late']))).toBe(rules.rules[2]);
    expect(ruleName(rules, rules.rules[2]!)).toBe('rules[2]');
  });

  it('finds none for a project that no rule names', () => {
    expect(findRule(rules, project('x'))).toBeUndefined();
  });

  it('needs tags only for rules before the one that matches', () => {
    expect(findRule(rules, { name: 'lib', tags: undefined })).toBe(rules.rules[0]);
    expect(() => findRule(rules, { name: 'a-lib', tags: undefined })).toThrow(expect.objectContaining({ code: 'GRAPH_REQUIRED' }) as Error);
  });
});

describe('requiredProjects', () => {
  it('lists what each entry names, nothing included', () => {
    const read = readPolicy(Buffer.from(JSON.stringify({ version: 1, required: ['app*', 'gone'], rules: [] })));
    const app = project('app');
    expect(requiredProjects(read, [project('x'), app])).toEqual([{ pattern: 'app*', projects: [app] }, { pattern: 'gone', projects: [] }]);
    expect(requiredProjects(readPolicy(policy(rule())), [app])).toEqual([]);
  });
});

describe('isKeySigner', () => {
  it('tells keys from identities', () => {
    expect([isKeySigner({ key: KEY }), isKeySigner({ issuer: 'i', identity: 'x' })]).toEqual([true, false]);
  });
});
