import { describe, expect, it } from 'vitest';
import { findRule, readPolicy } from '../../src/model/policy';
import { trustKeyInPolicy, type KeyTrust } from '../../src/model/policy-edit';

const [A, B, C] = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [string, string, string];
const trust = (key: string, projects: string[] = ['*'], scope?: 'local'): KeyTrust => ({ key, projects, ...(scope === undefined ? {} : { scope }) });
const text = (...rules: object[]): string => `${JSON.stringify({ version: 1, rules }, null, 2)}\n`;
const rules = (policy: string): unknown => readPolicy(Buffer.from(policy)).rules;
const refused = (option: string): object => expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(option) as string }) as object;

describe('trustKeyInPolicy', () => {
  it('when there is no policy it begins one', async () => {
    const edit = await trustKeyInPolicy(undefined, trust(A, ['app'], 'local'));
    expect(edit).toMatchObject({ rule: 'rules[0]', isChanged: true });
    expect(JSON.parse(edit.text)).toEqual({ version: 1, rules: [{ projects: ['app'], signers: [{ key: A }], scope: 'local' }] });
    expect(edit.text.endsWith('}\n')).toBe(true);
  });

  it('when a rule has the same projects and scope the key joins its signers, and the rest stays', async () => {
    const rule = { projects: ['tag:x', 'app'], signers: [{ key: A }, { issuer: 'https://i', identity: 'me' }], builderId: 'https://b', maxAgeDays: 3 };
    const edit = await trustKeyInPolicy(text({ projects: ['lib'], signers: [{ key: C }] }, rule), trust(B, ['app', 'tag:x']));
    expect(edit.rule).toBe('rules[1]');
    expect(rules(edit.text)).toEqual([{ projects: ['lib'], signers: [{ key: C }] }, { ...rule, signers: [...rule.signers, { key: B }] }]);
  });

  it('when the rule has the key already nothing changes, not even a byte', async () => {
    const before = `{"version":1,"rules":[{"projects":["*"],"signers":[{"key":"${A}"}]}]}`;
    expect(await trustKeyInPolicy(before, trust(A))).toEqual({ text: before, rule: 'rules[0]', isChanged: false });
    const edit = await trustKeyInPolicy(before, trust(B));
    expect(await trustKeyInPolicy(edit.text, trust(B))).toEqual({ text: edit.text, rule: 'rules[0]', isChanged: false });
  });

  it('when the only rule is local the new rule comes before it, so that CI finds it first', async () => {
    const edit = await trustKeyInPolicy(text({ projects: ['*'], signers: [{ key: A }], scope: 'local' }), trust(B));
    expect(edit.rule).toBe('rules[0]');
    expect(findRule(readPolicy(Buffer.from(edit.text)), { name: 'app', tags: [] })).toEqual({ projects: ['*'], signers: [{ key: B }] });
  });

  it('when the key is for some projects the rule comes before that for all, which stays as it is', async () => {
    const all = { projects: ['*'], signers: [{ key: A }], builderId: 'https://b' };
    const edit = await trustKeyInPolicy(text({ projects: ['lib'], signers: [{ key: C }] }, all), trust(B, ['app', 'tag:x']));
    expect(rules(edit.text)).toEqual([{ projects: ['lib'], signers: [{ key: C }] }, { projects: ['app', 'tag:x'], signers: [{ key: B }] }, all]);
    expect(edit.rule).toBe('rules[1]');
  });

  it('when the key is for all projects the rule comes last, so that no stricter rule is passed by', async () => {
    const strict = { projects: ['app'], signers: [{ key: A }], builderId: 'https://b' };
    expect(rules((await trustKeyInPolicy(text(strict), trust(B))).text)).toEqual([strict, { projects: ['*'], signers: [{ key: B }] }]);
    expect(rules((await trustKeyInPolicy(text(), trust(B))).text)).toEqual([{ projects: ['*'], signers: [{ key: B }] }]);
  });

  it.each([
    ['a rule for all decides', [{ projects: ['*'], signers: [{ key: A }] }], trust(B, ['*'], 'local'), '--projects "*"'],
    ['the project is named with others', [{ projects: ['app', 'lib'], signers: [{ key: A }] }], trust(B, ['app']), '--projects "app,lib"'],
    ['a glob covers the project', [{ projects: ['@acme/*'], signers: [{ key: A }], scope: 'local' }], trust(B, ['@acme/app']), '--projects "@acme/*" --scope local'],
    ['the same glob is named with others', [{ projects: ['a*', 'lib'], signers: [{ key: A }] }], trust(B, ['a*', 'b*']), '--projects "a*,lib"'],
    ['the rule with its projects is never reached', [{ projects: ['*'], signers: [{ key: A }] }, { projects: ['app'], signers: [{ key: C }] }], trust(B, ['app']), '--projects "*"'],
  ])('when %s, trust that would have no effect is refused with the option that helps', async (_what, before, request, option) => {
    await expect(trustKeyInPolicy(text(...before), request)).rejects.toEqual(refused(option));
  });

  it('when a tag or glob may or may not cover the project it is not held against it', async () => {
    const before = text({ projects: ['tag:app', 'lib-*'], signers: [{ key: A }] });
    expect((await trustKeyInPolicy(before, trust(B, ['app', 'lib']))).rule).toBe('rules[1]');
  });

  it.each([[[]], [['']], [['!app']], [['tag:']]])('when the projects are %j the option is refused', async (projects) => {
    await expect(trustKeyInPolicy(text(), trust(A, projects))).rejects.toEqual(refused('projects'));
  });

  it('when the policy is broken it says so', async () => {
    await expect(trustKeyInPolicy('{"version":1,"rules":[', trust(A))).rejects.toMatchObject({ code: 'POLICY_INVALID' });
    await expect(trustKeyInPolicy('{"version":1,"rules":[],"other":1}', trust(A))).rejects.toMatchObject({ code: 'POLICY_INVALID' });
  });

  describe.each([
    ['tabs', '\t', '\n'],
    ['four spaces', '    ', '\n'],
    ['Windows line ends', '  ', '\r\n'],
  ])('with a policy written with %s', (_what, indent, eol) => {
    const [one, two] = [indent, indent.repeat(2)];
    const rule = `{ "projects": ["lib"], "signers": [{ "key": "${A}" }], "scope":"local" }`;
    const added = (projects: string): string[] => [`${two}{`, `${two}${one}"projects": [`, `${two}${two}${projects}`, `${two}${one}],`, `${two}${one}"signers": [`, `${two}${two}{`, `${two}${two}${one}"key": "${B}"`, `${two}${two}}`, `${two}${one}]`, `${two}}`];
    const head = ['{', `${one}"$schema":   "./schema.json",`, `${one}"version": 1,`, `${one}"required": ["app",    "lib"],`];
    const policy = (...lines: string[]): string => [...head, ...lines, '}', ''].join(eol);

    it('when a rule is added the rest keeps every byte', async () => {
      const before = policy(`${one}"rules": [`, `${two}${rule}`, `${one}]`);
      const { text: last } = await trustKeyInPolicy(before, trust(B));
      expect(last).toBe(policy(`${one}"rules": [`, `${two}${rule},`, ...added('"*"'), `${one}]`));
      const { text: first } = await trustKeyInPolicy(before, trust(B, ['lib']));
      const [opening = '', ...rest] = added('"lib"');
      const closing = `${rest.pop() ?? ''},`;
      expect(first).toBe(policy(`${one}"rules": [`, opening, ...rest, closing, `${two}${rule}`, `${one}]`));
    });

    it('when there is no rule yet it gets lines of its own', async () => {
      const { text: after } = await trustKeyInPolicy(policy(`${one}"rules": []`), trust(B));
      expect(after).toBe(policy(`${one}"rules": [`, ...added('"*"'), `${one}]`));
    });

    it('when a signer is added it stands as its neighbour does', async () => {
      const { text: beside } = await trustKeyInPolicy(policy(`${one}"rules": [`, `${two}${rule}`, `${one}]`), trust(B, ['lib'], 'local'));
      expect(beside).toBe(policy(`${one}"rules": [`, `${two}${rule.replace('}]', `}, {"key":"${B}"}]`)}`, `${one}]`));
      const lines = [`${one}"rules": [{ "projects": ["*"], "signers": [`, `${two}{ "key": "${A}" }`];
      const { text: below } = await trustKeyInPolicy(policy(...lines, `${one}] }]`), trust(B));
      expect(below).toBe(policy(...lines.slice(0, 1), `${lines[1] ?? ''},`, `${two}{`, `${two}${one}"key": "${B}"`, `${two}}`, `${one}] }]`));
    });
  });

  it('when the policy is one line it stays one', async () => {
    const before = `{"version":1,"rules":[{"projects":["lib"],"signers":[{"key":"${A}"}]}]}`;
    const { text: after } = await trustKeyInPolicy(before, trust(B));
    expect(after).toBe(`{"version":1,"rules":[{"projects":["lib"],"signers":[{"key":"${A}"}]}, {"projects":["*"],"signers":[{"key":"${B}"}]}]}`);
  });
});
