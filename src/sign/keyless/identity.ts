import type { Env } from '../../env';
import { ProofError } from '../../errors';
import type { Http } from '../../http';
import { detectBuilder } from '../../model/builder';
import type { runForToken } from './agent';
import { IdentityToken } from './token';

/** The audience that Fulcio demands. */
export const DEFAULT_AUDIENCE = 'sigstore';

export interface IdentityOptions {
  /** A token given outright. */
  readonly identityToken?: string;
  /** The name of the variable that holds the token, as GitLab's `id_tokens` names it. */
  readonly identityTokenVariable?: string;
  /** What the token's `aud` must contain; `sigstore` unless set. */
  readonly audience?: string;
}

/** Where tokens come from: each call of `token` gives one that is valid now. */
export interface IdentitySource {
  /** For messages, for example `GitHub Actions`. */
  readonly name: string;
  token(http: Http): Promise<IdentityToken>;
  /** Whom it speaks for, as far as that is known without asking anybody. @throws ProofError TOKEN_INVALID */
  speaksFor(): string;
}

interface Finding {
  readonly name: string;
  /** Why it is none, or how to ask it, or the token. */
  readonly found: string | ((http: Http) => Promise<string>) | { readonly token: string };
}

/** The first source that the options and the environment offer; nothing is contacted. */
export function findIdentity(env: Env, options: IdentityOptions = {}): IdentitySource | undefined {
  for (const { name, found } of lookEverywhere(env, options)) {
    if (typeof found !== 'string') return sourceOf(env, options, name, found);
  }
  return undefined;
}

function sourceOf(env: Env, options: IdentityOptions, name: string, found: Exclude<Finding['found'], string>): IdentitySource {
  const read = (text: string): IdentityToken => new IdentityToken(text.trim(), name);
  return {
    name,
    token: async (http) => checked(read(typeof found === 'function' ? await found(http) : found.token), env, options, name),
    speaksFor: () => {
      if (typeof found === 'function') return detectBuilder(env.env).id;
      const { claimed, subject } = read(found.token);
      return `${claimed.issuer} ${claimed.identity ?? subject}`;
    },
  };
}

/** @throws ProofError IDENTITY_NOT_FOUND, with all that was looked at */
export function requireIdentity(env: Env, options: IdentityOptions = {}): IdentitySource {
  const source = findIdentity(env, options);
  if (source !== undefined) return source;
  const looked = lookEverywhere(env, options).map(({ name, found }) => `${name}: ${String(found)}`);
  throw new ProofError('IDENTITY_NOT_FOUND', `no identity token was found: ${looked.join('; ')}`, { details: { looked } });
}

function lookEverywhere(env: Env, options: IdentityOptions): Finding[] {
  const audience = options.audience ?? DEFAULT_AUDIENCE;
  const { identityToken: given, identityTokenVariable: variable } = options;
  return [
    { name: '--identity-token', found: given === undefined ? 'not given' : { token: given } },
    ...(variable === undefined ? [] : [fromVariable(env, variable)]),
    fromVariable(env, 'SIGSTORE_ID_TOKEN'),
    { name: 'GitHub Actions', found: github(env, audience) },
    { name: 'Buildkite', found: buildkite(env, audience) },
    { name: 'CircleCI', found: circle(env, audience) },
    { name: 'GitLab', found: isSet(env, 'GITLAB_CI') ? 'the job has no id_tokens entry SIGSTORE_ID_TOKEN with "aud: sigstore"' : 'GITLAB_CI is not set' },
  ];
}

const isSet = (env: Env, name: string): boolean => (env.env[name] ?? '') !== '';

function fromVariable(env: Env, name: string): Finding {
  const value = env.env[name] ?? '';
  return { name, found: value === '' ? 'not set' : { token: value } };
}

function github(env: Env, audience: string): Finding['found'] {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = env.env;
  if (url !== undefined && url !== '' && bearer !== undefined && bearer !== '') return async (http) => (await import('./github')).requestGithubToken(http, { url, bearer, audience });
  return isSet(env, 'GITHUB_ACTIONS') ? 'ACTIONS_ID_TOKEN_REQUEST_URL is not set; the job needs "permissions: id-token: write"' : 'GITHUB_ACTIONS is not set';
}

/** Loaded when a token is asked for: who would sign is asked before every run of Nx. */
async function askAgent(...call: Parameters<typeof runForToken>): Promise<string> {
  return (await import('./agent')).runForToken(...call);
}

/** https://buildkite.com/docs/agent/v3/cli-oidc */
function buildkite(env: Env, audience: string): Finding['found'] {
  if (!isSet(env, 'BUILDKITE')) return 'BUILDKITE is not set';
  return () => askAgent(env, 'Buildkite', 'buildkite-agent', ['oidc', 'request-token', '--audience', audience]);
}

/** The audience of CIRCLE_OIDC_TOKEN_V2 is the organisation's id; one for another audience comes from the command alone. https://circleci.com/docs/oidc-tokens-with-custom-claims/ */
function circle(env: Env, audience: string): Finding['found'] {
  if (!isSet(env, 'CIRCLECI')) return 'CIRCLECI is not set';
  if (!isSet(env, 'CIRCLE_OIDC_TOKEN_V2')) return 'CIRCLE_OIDC_TOKEN_V2 is not set; the job needs a context';
  return () => askAgent(env, 'CircleCI', 'circleci', ['run', 'oidc', 'get', '--claims', JSON.stringify({ aud: audience })]);
}

/** @throws ProofError TOKEN_EXPIRED, TOKEN_INVALID */
function checked(token: IdentityToken, env: Env, options: IdentityOptions, origin: string): IdentityToken {
  const audience = options.audience ?? DEFAULT_AUDIENCE;
  if (token.expires <= env.now()) {
    throw new ProofError('TOKEN_EXPIRED', `the identity token of ${origin} expired at ${token.expires.toISOString()}`, { details: { origin } });
  }
  if (!token.audiences.includes(audience)) {
    throw new ProofError('TOKEN_INVALID', `the identity token of ${origin} is for ${token.audiences.join(', ') || 'no audience'}, not for ${audience}`, { details: { origin } });
  }
  return token;
}
