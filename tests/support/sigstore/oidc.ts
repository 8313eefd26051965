import { generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import { HttpStatus, json, startService, type Service, type ServiceOptions } from './server';

export type Claims = Readonly<Record<string, unknown>>;

export const IDENTITY = 'https://github.com/acme/widgets/.github/workflows/release.yml@refs/heads/main';
const WORKFLOW = 'acme/widgets/.github/workflows/release.yml@refs/heads/main';
const COMMIT = 'a'.repeat(40);

/** The claims of a GitHub Actions job, as far as Fulcio looks at them. */
const JOB: Claims = {
  aud: 'sigstore',
  sub: 'repo:acme/widgets:ref:refs/heads/main',
  event_name: 'push',
  sha: COMMIT,
  workflow: 'release',
  repository: 'acme/widgets',
  repository_owner: 'acme',
  repository_id: '1',
  repository_owner_id: '2',
  repository_visibility: 'public',
  ref: 'refs/heads/main',
  job_workflow_ref: WORKFLOW,
  job_workflow_sha: COMMIT,
  workflow_ref: WORKFLOW,
  workflow_sha: COMMIT,
  runner_environment: 'github-hosted',
  run_id: '7',
  run_attempt: '1',
};

export interface Issuer extends Service {
  /** A signed token; a claim given as undefined is left out. */
  token(claims?: Claims): string;
  /** The claims of a token of this issuer that is valid now, as Fulcio checks it. */
  check(token: string): Claims;
}

/** The bearer token that the token endpoint of this issuer demands. */
export const REQUEST_TOKEN = 'request-token-of-the-job';

/** An OIDC issuer with a token endpoint like that of GitHub Actions (ACTIONS_ID_TOKEN_REQUEST_URL). */
export async function startIssuer(options: ServiceOptions): Promise<Issuer> {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const service = await startService(({ url, headers }) => {
    if (url.pathname === '/.well-known/openid-configuration') return json({ issuer: service.url, jwks_uri: `${service.url}/jwks` });
    if (url.pathname === '/jwks') return json({ keys: [{ ...keys.publicKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'k1' }] });
    if (url.pathname !== '/token') throw new HttpStatus(404, 'not found');
    if (headers.authorization !== `Bearer ${REQUEST_TOKEN}`) throw new HttpStatus(401, 'not authorized');
    return json({ value: token({ aud: url.searchParams.get('audience') ?? 'none' }) });
  }, options);
  const token = (claims: Claims = {}): string => {
    const now = Math.floor(Date.now() / 1000);
    return encode({ iss: service.url, iat: now, nbf: now - 5, exp: now + 600, ...JOB, ...claims }, keys.privateKey);
  };
  return Object.assign(service, { token, check: (text: string) => check(text, keys.publicKey) });
}

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function encode(claims: Claims, key: KeyObject): string {
  const signed = `${base64url({ alg: 'RS256', kid: 'k1', typ: 'JWT' })}.${base64url(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

function check(token: string, key: KeyObject): Claims {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const isSigned = verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'));
  const claims = isSigned ? (JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims) : {};
  // Fulcio does repeat tokens in its messages; whoever prints them must not.
  if (claims['aud'] !== 'sigstore' || Number(claims['exp']) < Date.now() / 1000) throw new HttpStatus(400, `There was an error processing the identity token ${token}`);
  return claims;
}
