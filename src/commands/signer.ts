import path from 'node:path';
import { isCI, type Env } from '../env';
import { ProofError, isProofError } from '../errors';
import { readDocument } from '../files';
import { createHttp, type Http } from '../http';
import { findRule } from '../model/policy';
import type { Project } from '../model/project';
import type { StatementSigner } from '../sign';
import { findIdentity, keylessSigner, requireIdentity, selectServices, type IdentityOptions, type KeylessSigner, type ServiceOptions, type SigningServices } from '../sign/keyless';
import { openSigner } from './keys';
import { loadPolicy, type LoadedPolicy } from './policy';

/** How to sign: with a key, or keyless with an OIDC identity. */
export interface SigningOptions extends IdentityOptions, Omit<ServiceOptions, 'signingConfig'> {
  /** Sign keyless, and only with a token of this issuer. */
  readonly issuer?: string;
  /** A private key's file, relative to the workspace or absolute. */
  readonly key?: string;
  /** A Sigstore signing configuration's file, relative to the workspace or absolute. */
  readonly signingConfig?: string;
  /** Requests per second to each service. */
  readonly rate?: number;
  /** Statements that are being signed keyless at the same time; 8 unless set. */
  readonly concurrency?: number;
  /** PEM certificates to trust for TLS, beside those of Node.js and NODE_EXTRA_CA_CERTS. */
  readonly ca?: string;
}

/** A signer for all statements of a run. */
export interface OpenedSigner {
  readonly mode: 'key' | 'keyless';
  /** Who signs, and how: to be shown, so that nobody is surprised by which it is. `key:sha256:<fingerprint>`, or identity and issuer. */
  readonly name: string;
  /** To be shown once. */
  readonly warnings: readonly string[];
  /** @throws ProofError OPTION_INVALID when nothing is to be logged, and the project's rule demands a log entry */
  signerFor(project: Project): StatementSigner;
  readonly close: () => Promise<void>;
}

const KEY_VARIABLE = 'NX_PROOF_SIGNING_KEY';

/**
 * Opens the signer that the options and the environment ask for: the key of the option, a token that is given outright, NX_PROOF_SIGNING_KEY,
 * the identity of the CI job, the user's own key; in this order. With a key nothing is contacted.
 * @throws ProofError as openSigner and keylessSigner do; IDENTITY_NOT_FOUND in a CI job that has neither key nor identity
 */
export async function openStatementSigner(env: Env, workspaceRoot: string, options: SigningOptions = {}): Promise<OpenedSigner> {
  const isAsked = options.issuer !== undefined || options.identityToken !== undefined || options.identityTokenVariable !== undefined;
  if (options.key !== undefined && isAsked) throw new ProofError('OPTION_INVALID', 'key and an identity token exclude each other: a statement is signed with one of them');
  const hasKey = options.key !== undefined || (!isAsked && (env.env[KEY_VARIABLE] ?? '') !== '');
  if (!hasKey && (isAsked || findIdentity(env, options) !== undefined)) return openKeyless(env, workspaceRoot, options);
  try {
    return withKey(await openSigner(env, workspaceRoot, options.key === undefined ? {} : { key: options.key }));
  } catch (error) {
    // In CI nobody has a key of their own: what is missing is an identity.
    if (isCI(env) && !hasKey && isProofError(error) && error.code === 'KEY_NOT_FOUND') requireIdentity(env, options);
    throw error;
  }
}

function withKey(signer: StatementSigner): OpenedSigner {
  return { mode: 'key', name: signer.issuer, warnings: [], signerFor: () => signer, close: () => Promise.resolve() };
}

async function openKeyless(env: Env, workspaceRoot: string, options: SigningOptions): Promise<OpenedSigner> {
  const source = requireIdentity(env, options);
  const policy = await readPolicyIfAny(env, workspaceRoot);
  const services = selectServices(await serviceOptions(workspaceRoot, options), env.now());
  const http = openHttp(env, options, policy);
  try {
    const { concurrency } = options;
    const signer = await keylessSigner({ env, http, source, services, ...(concurrency !== undefined && { concurrency }) });
    requireIssuer(signer, options.issuer);
    return keyless(signer, services, policy, http);
  } catch (error) {
    await http.close();
    throw error;
  }
}

/** The token is in hand, and has not been sent to anybody. */
function requireIssuer({ claimed, source }: KeylessSigner, issuer: string | undefined): void {
  if (issuer === undefined || issuer === claimed.issuer) return;
  const message = `the token of ${source} was issued by ${claimed.issuer}, not by ${issuer}`;
  throw new ProofError('OPTION_INVALID', message, { details: { option: 'issuer', expected: issuer, actual: claimed.issuer } });
}

function keyless(signer: KeylessSigner, { tlogs }: SigningServices, policy: LoadedPolicy | undefined, http: Http): OpenedSigner {
  const { identity, issuer } = signer.claimed;
  return {
    mode: 'keyless',
    name: `${identity ?? 'an identity'} (${issuer}), keyless with the token of ${signer.source}`,
    warnings: signer.warnings,
    signerFor: (project) => {
      if (tlogs.length === 0) requireOptOut(policy, project);
      return signer;
    },
    close: () => http.close(),
  };
}

/** A proof without a log entry is worth nothing under a rule that demands one; nobody is to find that out when it is too late. */
function requireOptOut(policy: LoadedPolicy | undefined, project: Project): void {
  const rule = policy === undefined ? undefined : findRule(policy.policy, project);
  if (rule?.tlog === 'none' || rule?.tlog === 'optional') return;
  const found = rule === undefined ? 'has no rule' : `has "tlog": "${rule.tlog ?? 'required'}"`;
  const message = `tlog is "none", and the policy ${found} for the project ${project.name}; it must say "tlog": "none" or "optional"`;
  throw new ProofError('OPTION_INVALID', message, { details: { option: 'tlog', project: project.name } });
}

async function readPolicyIfAny(env: Env, workspaceRoot: string): Promise<LoadedPolicy | undefined> {
  try {
    return await loadPolicy(env, workspaceRoot, {});
  } catch (error) {
    if (isProofError(error) && error.code === 'POLICY_NOT_FOUND') return undefined;
    throw error;
  }
}

async function serviceOptions(workspaceRoot: string, options: SigningOptions): Promise<ServiceOptions> {
  const { signingConfig: file, ...rest } = options;
  if (file === undefined) return rest;
  const signingConfig = await readDocument(path.resolve(workspaceRoot, file), { missing: 'SIGNING_CONFIG_INVALID', what: 'signing configuration' });
  return { ...rest, signingConfig };
}

/** The policy's list of endpoints holds for signing too; where the CI gives out tokens is for the CI to say. */
function openHttp(env: Env, { rate, ca }: SigningOptions, policy: LoadedPolicy | undefined): Http {
  const listed = policy?.policy.trust?.endpoints;
  const tokens = env.env['ACTIONS_ID_TOKEN_REQUEST_URL'];
  const endpoints = listed === undefined ? undefined : [...listed, ...(tokens !== undefined && URL.canParse(tokens) ? [new URL(tokens).origin] : [])];
  return createHttp({ env, ...(endpoints !== undefined && { endpoints }), ...(rate !== undefined && { rate }), ...(ca !== undefined && { ca }) });
}
