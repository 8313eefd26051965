import { ProofError } from '../../errors';

/** More than any issuer's tokens have. */
const MAX_TOKEN_BYTES = 64 * 1024;
const JWT = /^[\w-]+\.([\w-]+)\.[\w-]+$/;

type Claims = Readonly<Record<string, unknown>>;

/** Who a token says its bearer is, as a certificate will name them. */
export interface ClaimedIdentity {
  /** `iss`, or the issuer behind a federating one. */
  readonly issuer: string;
  /** The subject alternative name to expect, where Fulcio's rules for the issuer are known. */
  readonly identity: string | undefined;
}

/**
 * An OIDC identity token (JWT, RFC 7519). Its text is in a private field: logging, serialising or inspecting the object does not show it.
 * The signature is not checked; that is for the CA.
 */
export class IdentityToken {
  readonly #text: string;
  readonly claimed: ClaimedIdentity;
  /** What the bearer signs to prove that they hold the key (`proofOfPossession` of Fulcio). */
  readonly subject: string;
  readonly expires: Date;
  readonly audiences: readonly string[];

  /**
   * @param origin where the token comes from, for messages
   * @throws ProofError TOKEN_INVALID, without the token or a part of it
   */
  constructor(text: string, origin: string) {
    const claims = parseClaims(text, origin);
    const need = (name: string, value: unknown): string => (typeof value === 'string' && value !== '' ? value : invalid(origin, `has no claim "${name}"`));
    this.#text = text;
    this.claimed = { issuer: connector(claims) ?? need('iss', claims['iss']), identity: subjectAlternativeName(claims, origin) };
    this.subject = emailOf(claims, origin) ?? need('sub', claims['sub']);
    this.expires = typeof claims['exp'] === 'number' ? new Date(claims['exp'] * 1000) : invalid(origin, 'has no claim "exp"');
    this.audiences = [claims['aud']].flat().filter((audience) => typeof audience === 'string');
  }

  /** The text, to be sent to the CA and to nobody else. */
  reveal(): string {
    return this.#text;
  }
}

function invalid(origin: string, problem: string): never {
  throw new ProofError('TOKEN_INVALID', `the identity token of ${origin} ${problem}`, { details: { origin } });
}

/** No cause: the message of JSON.parse repeats a part of its input. */
function parseClaims(text: string, origin: string): Claims {
  const payload = text.length <= MAX_TOKEN_BYTES ? JWT.exec(text)?.[1] : undefined;
  if (payload === undefined) return invalid(origin, 'is not a JSON Web Token');
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as unknown;
    if (typeof claims === 'object' && claims !== null && !Array.isArray(claims)) return claims as Claims;
  } catch {
    return invalid(origin, 'has claims that are not JSON');
  }
  return invalid(origin, 'has claims that are not an object');
}

/** The issuer behind one that federates others: Fulcio puts it into the certificate (dex, `federated_claims`). */
function connector(claims: Claims): string | undefined {
  const federated = claims['federated_claims'];
  const id = typeof federated === 'object' && federated !== null && 'connector_id' in federated ? federated.connector_id : undefined;
  return typeof id === 'string' && id.startsWith('https://') ? id : undefined;
}

function emailOf(claims: Claims, origin: string): string | undefined {
  const { email } = claims;
  if (typeof email !== 'string' || email === '') return undefined;
  const { email_verified: verified } = claims;
  return verified === true || verified === 'true' ? email : invalid(origin, 'has an email address that its issuer has not verified');
}

/** https://github.com/sigstore/fulcio/blob/main/docs/oidc.md and config/identity/config.yaml, for the issuers whose claims tell. */
function subjectAlternativeName(claims: Claims, origin: string): string | undefined {
  const email = emailOf(claims, origin);
  if (email !== undefined) return email;
  const { iss, job_workflow_ref: workflow, ci_config_ref_uri: config, organization_slug: organization, pipeline_slug: pipeline } = claims;
  if (typeof workflow === 'string' && typeof iss === 'string') return `${githubServer(iss)}/${workflow}`;
  if (typeof config === 'string') return `https://${config}`;
  if (typeof organization === 'string' && typeof pipeline === 'string') return `https://buildkite.com/${organization}/${pipeline}`;
  return undefined;
}

/** token.actions.TENANT.ghe.com speaks for TENANT.ghe.com, all others for github.com. */
function githubServer(issuer: string): string {
  const tenant = /^https:\/\/token\.actions\.([\w-]+\.ghe\.com)$/.exec(issuer)?.[1];
  return `https://${tenant ?? 'github.com'}`;
}
