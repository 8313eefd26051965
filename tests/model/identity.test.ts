import { describe, expect, it } from 'vitest';
import { identityPatternProblem } from '../../src/model/identity';
import { normaliseRepository } from '../../src/model/repository';

describe('identityPatternProblem', () => {
  it.each([
    'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main',
    'https://github.com/acme/app/.github/workflows/*@refs/tags/v*',
    'https://github.com/acme/app/*',
    'https://ghe.acme.com:8443/acme/app/.github/workflows/x.yml@*',
    'https://gitlab.com/group/sub/app//.gitlab-ci.yml@refs/heads/*',
    'https://gitlab.com/group/app//*.yml@refs/heads/main',
  ])('accepts %s', (pattern) => {
    expect(identityPatternProblem(pattern)).toBeUndefined();
  });

  it.each([
    '*',
    'https://*',
    'https://*/acme/app/x@y',
    'https://github.com/*',
    'https://github.com/*/app/x@y',
    'https://github.com/acme/*',
    'https://github.com/acme/app*/x@y',
    'https://github.com/acme/*/.github/workflows/x.yml@refs/heads/main',
    'https://github.com/acme/app',
    'https://github.com/acme/app@refs/heads/main',
    'https://github.com//acme/app/x@y',
    'http://github.com/acme/app/x@y',
    'https://user@github.com/acme/app/x',
    'https://github.com/ac me/app/x',
    '*@acme.com',
    'https://gitlab.com/group/sub/*//.gitlab-ci.yml@refs/heads/main',
    'https://github.com/acme/app/**',
  ])('refuses %s', (pattern) => {
    expect(identityPatternProblem(pattern)).toMatch(/must/);
  });
});

describe('normaliseRepository', () => {
  it.each([
    ['https://github.com/acme/app', 'https://github.com/acme/app'],
    ['https://GitHub.com/acme/App.git', 'https://github.com/acme/App'],
    ['https://github.com/acme/app/', 'https://github.com/acme/app'],
    ['git+https://github.com/acme/app', 'https://github.com/acme/app'],
    ['https://github.com:443/acme/app', 'https://github.com/acme/app'],
    ['https://host:8443/acme/app', 'https://host:8443/acme/app'],
    ['https://user:secret@github.com/acme/app', undefined],
    ['https://github.com/acme/app?x=1', undefined],
    ['https://github.com/acme/app#x', undefined],
    ['https://github.com/', undefined],
    ['http://github.com/acme/app', undefined],
    ['github.com/acme/app', undefined],
    ['https://', undefined],
    ['https://[/x', undefined],
  ])('reads %s as %s', (uri, expected) => {
    expect(normaliseRepository(uri)).toBe(expected);
  });
});
