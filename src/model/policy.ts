import { ProofError } from '../errors';
import { printable } from '../files';
import { validatePolicy, type ValidationIssue } from './generated/validators.cjs';
import { identityPatternProblem } from './identity';
import { parseJson, repeatsMembers } from './json';
import { checkPattern, matchesPattern, type PolicyProject } from './project-pattern';
import { normaliseRepository } from './repository';
import type { KeySigner, Policy, Rule, Signer } from './types';
import { validated } from './validation';

/**
 * Reads proof.policy.json.
 * @throws ProofError POLICY_INVALID naming the field as a JSON Pointer and what is expected of it
 */
export function readPolicy(bytes: Uint8Array): Policy {
  const json = parseJson(bytes, 'policy', 'POLICY_INVALID');
  if (repeatsMembers(bytes, json)) throw invalid('', 'has a field twice');
  if (!validatePolicy(json)) explainAnyOf(validatePolicy.errors?.at(-1), json);
  const policy = validated<Policy>(validatePolicy, json, 'policy', 'POLICY_INVALID');
  policy.required?.forEach((pattern, index) => requireSound(checkPattern(pattern), `/required/${index}`));
  policy.rules.forEach((rule, index) => checkRule(rule, `/rules/${index}`));
  return policy;
}

/** What the schema cannot say of a rule. */
function checkRule(rule: Rule, field: string): void {
  rule.projects.forEach((pattern, index) => requireSound(checkPattern(pattern), `${field}/projects/${index}`));
  rule.signers.forEach((signer, index) => {
    if ('identityPattern' in signer) requireSound(identityPatternProblem(signer.identityPattern), `${field}/signers/${index}/identityPattern`);
  });
  if (rule.sourceRepository !== undefined && normaliseRepository(rule.sourceRepository) === undefined) {
    throw invalid(`${field}/sourceRepository`, 'must be https://host/path, without credentials, query or fragment');
  }
}

function requireSound(problem: string | undefined, field: string): void {
  if (problem !== undefined) throw invalid(field, problem);
}

/** Ajv's message for alternatives lists what each of them lacks, which helps nobody. */
function explainAnyOf(issue: ValidationIssue | undefined, policy: unknown): void {
  if (issue?.keyword !== 'anyOf') return;
  const found = describeValue(valueAt(policy, issue.instancePath));
  if (issue.instancePath === '/trust/root') throw invalid(issue.instancePath, `must be "public-good", {"file"} or {"tuf": {"mirror", "rootFile"}}; it is ${found}`);
  throw invalid(issue.instancePath, `must be {"key": 64 lowercase hex digits}, {"issuer", "identity"} or {"issuer", "identityPattern"}; it is ${found}`);
}

const describeValue = (value: unknown): string => printable(JSON.stringify(value).slice(0, 200));

/** The value at a JSON Pointer (RFC 6901) made by Ajv. */
function valueAt(value: unknown, pointer: string): unknown {
  const steps = pointer.split('/').slice(1).map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  return steps.reduce((parent: unknown, step) => (parent as Readonly<Record<string, unknown>>)[step], value);
}

function invalid(field: string, message: string): ProofError {
  return new ProofError('POLICY_INVALID', `policy: ${field === '' ? '/' : field} ${message}`, { details: { field: field === '' ? '/' : field } });
}

/**
 * The first rule that names the project, or undefined: then the project's proofs are refused.
 * @throws ProofError GRAPH_REQUIRED when a tag: pattern has to be decided and the project's tags are not known
 */
export function findRule(policy: Policy, project: PolicyProject): Rule | undefined {
  return policy.rules.find((rule) => rule.projects.some((pattern) => matchesPattern(pattern, project)));
}

/** How messages name a rule: `rules[2]`. */
export function ruleName(policy: Policy, rule: Rule): string {
  return `rules[${policy.rules.indexOf(rule)}]`;
}

/** The projects that a pattern names, in the order given. @throws ProofError GRAPH_REQUIRED as findRule does */
export function matchProjects<P extends PolicyProject>(pattern: string, projects: Iterable<P>): P[] {
  return Array.from(projects).filter((project) => matchesPattern(pattern, project));
}

/** Each entry of `required` with the projects that it names; one that names none is a failure, for the caller to report. */
export function requiredProjects<P extends PolicyProject>(policy: Policy, projects: Iterable<P>): { readonly pattern: string; readonly projects: readonly P[] }[] {
  const all = Array.from(projects);
  return (policy.required ?? []).map((pattern) => ({ pattern, projects: matchProjects(pattern, all) }));
}

export function isKeySigner(signer: Signer): signer is KeySigner {
  return 'key' in signer;
}
