import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Env } from '../../../src/env';
import { createHttp } from '../../../src/http';
import { IdentityToken, findIdentity, requireIdentity, type IdentityOptions } from '../../../src/sign/keyless';
import { testEnv } from '../../support/env';
import { temporaryFolder } from '../../support/folder';

const NOW = new Date('2026-01-01T00:00:00Z');
const encode = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const token = (claims: unknown): string => `${encode({ alg: 'none' })}.${encode(claims)}.${encode('signature')}`;
const CLAIMS = { iss: 'https://issuer.example', sub: 'robot', aud: 'sigstore', exp: NOW.getTime() / 1000 + 60 };
const valid = token(CLAIMS);
const envOf = (variables: Record<string, string>): Env => testEnv(variables, { now: () => NOW });
const take = (env: Env, options?: IdentityOptions): Promise<IdentityToken> => requireIdentity(env, options).token(createHttp({ env }));

describe('findIdentity', () => {
  it.each<[string, Record<string, string>, IdentityOptions]>([
    ['--identity-token', { SIGSTORE_ID_TOKEN: 'x', GITHUB_ACTIONS: 'true' }, { identityToken: valid }],
    ['MY_TOKEN', { MY_TOKEN: valid, SIGSTORE_ID_TOKEN: 'x' }, { identityTokenVariable: 'MY_TOKEN' }],
    ['SIGSTORE_ID_TOKEN', { SIGSTORE_ID_TOKEN: `${valid}\n`, GITLAB_CI: 'true' }, { identityTokenVariable: 'MY_TOKEN' }],
  ])('takes the token of %s', async (name, variables, options) => {
    expect(findIdentity(envOf(variables), options)?.name).toBe(name);
    await expect(take(envOf(variables), options)).resolves.toMatchObject({ subject: 'robot', claimed: { issuer: 'https://issuer.example' } });
  });

  it.each([
    ['GitHub Actions', { ACTIONS_ID_TOKEN_REQUEST_URL: 'https://x', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'y' }],
    ['Buildkite', { BUILDKITE: 'true' }],
    ['CircleCI', { CIRCLECI: 'true', CIRCLE_OIDC_TOKEN_V2: 'x' }],
  ])('detects %s', (name, variables) => {
    expect(findIdentity(envOf(variables))?.name).toBe(name);
  });

  it('finds none where none is offered', () => {
    expect(findIdentity(envOf({ GITHUB_ACTIONS: 'true', GITLAB_CI: 'true', CIRCLECI: 'true', ACTIONS_ID_TOKEN_REQUEST_URL: 'https://x' }))).toBeUndefined();
  });
});

describe('requireIdentity', () => {
  const looked = (variables: Record<string, string>, options?: IdentityOptions): string => {
    try {
      requireIdentity(envOf(variables), options);
      return '';
    } catch (error) {
      expect(error).toMatchObject({ code: 'IDENTITY_NOT_FOUND', exitCode: 2 });
      return (error as Error).message;
    }
  };

  it('says all that it looked at', () => {
    const message = looked({}, { identityTokenVariable: 'MY_TOKEN' });
    for (const part of ['--identity-token: not given', 'MY_TOKEN: not set', 'SIGSTORE_ID_TOKEN: not set', 'GITHUB_ACTIONS is not set', 'BUILDKITE is not set', 'CIRCLECI is not set', 'GITLAB_CI is not set']) expect(message).toContain(part);
  });

  it('says what each CI lacks', () => {
    expect(looked({ GITHUB_ACTIONS: 'true' })).toContain('"permissions: id-token: write"');
    expect(looked({ GITLAB_CI: 'true' })).toContain('no id_tokens entry SIGSTORE_ID_TOKEN');
    expect(looked({ CIRCLECI: 'true' })).toContain('CIRCLE_OIDC_TOKEN_V2 is not set');
  });

  it('refuses a token that has expired, or is for another audience', async () => {
    const until = (exp: number): IdentityOptions => ({ identityToken: token({ ...CLAIMS, exp }) });
    await expect(take(envOf({}), until(NOW.getTime() / 1000))).rejects.toMatchObject({ code: 'TOKEN_EXPIRED', message: expect.stringContaining('2026-01-01T00:00:00.000Z') as string });
    await expect(take(envOf({}), until(NOW.getTime() / 1000 + 1))).resolves.toBeDefined();
    await expect(take(envOf({}), { identityToken: token({ ...CLAIMS, aud: ['a', 'b'] }) })).rejects.toMatchObject({ code: 'TOKEN_INVALID', message: expect.stringContaining('for a, b, not for sigstore') as string });
    await expect(take(envOf({}), { identityToken: token({ ...CLAIMS, aud: undefined }) })).rejects.toMatchObject({ message: expect.stringContaining('no audience') as string });
    await expect(take(envOf({}), { identityToken: token({ ...CLAIMS, aud: ['a', 'b'] }), audience: 'b' })).resolves.toBeDefined();
  });

  it('refuses a request URL that is none', async () => {
    await expect(take(envOf({ ACTIONS_ID_TOKEN_REQUEST_URL: 'nonsense', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'y' }))).rejects.toMatchObject({ code: 'IDENTITY_NOT_FOUND' });
  });
});

describe('IdentityToken', () => {
  it.each<[string, Record<string, unknown>, { identity: string | undefined; issuer?: string }]>([
    ['GitHub Actions', { job_workflow_ref: 'acme/w/.github/workflows/r.yml@refs/heads/main', workflow_ref: 'acme/other' }, { identity: 'https://github.com/acme/w/.github/workflows/r.yml@refs/heads/main' }],
    ['GitHub Enterprise Cloud', { iss: 'https://token.actions.acme.ghe.com', job_workflow_ref: 'a/b/c@d' }, { identity: 'https://acme.ghe.com/a/b/c@d', issuer: 'https://token.actions.acme.ghe.com' }],
    ['GitLab', { ci_config_ref_uri: 'gitlab.com/acme/w//.gitlab-ci.yml@refs/heads/main', user_email: 'x@y' }, { identity: 'https://gitlab.com/acme/w//.gitlab-ci.yml@refs/heads/main' }],
    ['Buildkite', { organization_slug: 'acme', pipeline_slug: 'widgets' }, { identity: 'https://buildkite.com/acme/widgets' }],
    ['a person', { email: 'a@example.com', email_verified: true }, { identity: 'a@example.com' }],
    ['a person by a federating issuer', { email: 'a@example.com', email_verified: 'true', federated_claims: { connector_id: 'https://accounts.example.com' } }, { identity: 'a@example.com', issuer: 'https://accounts.example.com' }],
    ['an issuer with another connector', { federated_claims: { connector_id: 'ldap' } }, { identity: undefined }],
    ['an unknown issuer', {}, { identity: undefined }],
  ])('knows who a token of %s names', (_what, claims, expected) => {
    expect(new IdentityToken(token({ ...CLAIMS, ...claims }), 'x').claimed).toEqual({ issuer: CLAIMS.iss, ...expected });
  });

  it('has the subject to be signed: the email address, else sub', () => {
    expect(new IdentityToken(token({ ...CLAIMS, email: 'a@b', email_verified: true }), 'x').subject).toBe('a@b');
    expect(new IdentityToken(token(CLAIMS), 'x').subject).toBe('robot');
  });

  it.each<[string, string, RegExp]>([
    ['no token', 'SECRETSECRET', /not a JSON Web Token/],
    ['two parts', 'SECRET.SECRET', /not a JSON Web Token/],
    ['far too much', `a.${'b'.repeat(70_000)}.SECRET`, /not a JSON Web Token/],
    ['other characters', 'SECRET.SEC RET.x', /not a JSON Web Token/],
    ['claims that are not JSON', `a.${encode('SECRET')}.c`, /claims that are not JSON/],
    ['claims that are a list', token(['SECRET']), /not an object/],
    ['claims that are null', token('null'), /not an object/],
    ['no issuer', token({ ...CLAIMS, iss: 5, x: 'SECRET' }), /no claim "iss"/],
    ['no subject', token({ ...CLAIMS, sub: '', x: 'SECRET' }), /no claim "sub"/],
    ['no end', token({ ...CLAIMS, exp: '1', x: 'SECRET' }), /no claim "exp"/],
    ['an email address that nobody verified', token({ ...CLAIMS, email: 'SECRET@b' }), /has not verified/],
  ])('refuses %s, without repeating any of it', (_what, text, message) => {
    let error: unknown;
    try {
      new IdentityToken(text, 'the test');
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'TOKEN_INVALID', exitCode: 2, message: expect.stringMatching(message) as string });
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toMatch(/SECRET|U0VDUkVU/);
  });

  it('shows its text to nobody but who asks for it', () => {
    const one = new IdentityToken(valid, 'x');
    expect(`${inspect(one, { showHidden: true, depth: 9 })}${JSON.stringify(one)}${String(one)}`).not.toContain(valid.slice(0, 20));
    expect(one.reveal()).toBe(valid);
  });
});

describe.runIf(path.sep === '/')('tokens by a command', () => {
  const withCommand = async (name: string, script: string, variables: Record<string, string>): Promise<Env> => {
    const folder = temporaryFolder();
    const file = path.join(folder, name);
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
    return envOf({ ...variables, PATH: `${folder}:${process.env['PATH'] ?? ''}` });
  };

  it('are asked of the Buildkite agent', async () => {
    const env = await withCommand('buildkite-agent', `[ "$*" = "oidc request-token --audience sigstore" ] && printf '%s\\n' "$REPLY"`, { BUILDKITE: 'true', REPLY: valid });
    await expect(take(env)).resolves.toMatchObject({ subject: 'robot' });
  });

  it('are asked of the CircleCI command, for the audience that its variable lacks', async () => {
    const env = await withCommand('circleci', `[ "$1 $2 $3 $4" = "run oidc get --claims" ] && [ "$5" = '{"aud":"sigstore"}' ] && echo "$REPLY"`, { CIRCLECI: 'true', CIRCLE_OIDC_TOKEN_V2: 'x', REPLY: valid });
    await expect(take(env)).resolves.toMatchObject({ subject: 'robot' });
  });

  it('that fails: IDENTITY_NOT_FOUND with its exit code and nothing that it wrote', async () => {
    const env = await withCommand('buildkite-agent', 'echo SECRET; echo SECRET >&2; exit 7', { BUILDKITE: 'true' });
    const error: unknown = await take(env).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'IDENTITY_NOT_FOUND', message: expect.stringContaining('exit code 7') as string });
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain('SECRET');
  });

  it('that is missing, or writes too much: IDENTITY_NOT_FOUND', async () => {
    await expect(take(envOf({ BUILDKITE: 'true', PATH: temporaryFolder() }))).rejects.toMatchObject({ code: 'IDENTITY_NOT_FOUND', message: expect.stringContaining('ENOENT') as string });
    const env = await withCommand('buildkite-agent', 'head -c 300000 /dev/zero', { BUILDKITE: 'true' });
    await expect(take(env)).rejects.toMatchObject({ code: 'IDENTITY_NOT_FOUND' });
  });

  it('that is interrupted: ABORTED', async () => {
    const stop = new AbortController();
    const env = { ...(await withCommand('buildkite-agent', 'sleep 60', { BUILDKITE: 'true' })), signal: stop.signal };
    setTimeout(() => stop.abort(), 50);
    await expect(take(env)).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('that was killed: IDENTITY_NOT_FOUND', async () => {
    const env = await withCommand('buildkite-agent', 'kill -9 $$', { BUILDKITE: 'true' });
    await expect(take(env)).rejects.toMatchObject({ code: 'IDENTITY_NOT_FOUND', message: expect.stringContaining('killed') as string });
  });
});
