import type { IdentityPatternSigner, IdentitySigner } from './types';

/** Scheme, host, owner and repository, then what may hold stars. GitLab ends the repository with two slashes, and so allows deeper ones. */
const LITERAL = /^https:\/\/([^/@*?#\s]+)((?:\/[^/@*\s]+){2,}?)(\/\/?)([^\s]+)$/;

/**
 * What is wrong with an `identityPattern`, or undefined. A star stands for `[^/@]+`, and only after the repository: of a GitHub identity
 * (https://github.com/OWNER/REPO/.github/workflows/FILE@REF) in the workflow's path and the ref, so that no pattern lets in other repositories.
 */
export function identityPatternProblem(pattern: string): string | undefined {
  const match = LITERAL.exec(pattern);
  const example = 'for example https://github.com/acme/app/.github/workflows/release.yml@refs/tags/*';
  if (match === null) return `must begin with a literal https://host/owner/repository/, ${example}`;
  const slashes = pattern.indexOf('//', 'https://'.length);
  const star = pattern.indexOf('*');
  if (slashes !== -1 && star !== -1 && star < slashes) return `must not have a * before the // that ends the repository, ${example}`;
  if (pattern.includes('**')) return 'must not have **: a * stands for a part between slashes';
  return undefined;
}

/**
 * Is this the identity of a certificate that a signer names? Issuer and identity count as they are written: nothing is a prefix, a regular expression
 * or a matter of case.
 */
export function isSigner(signer: IdentitySigner | IdentityPatternSigner, found: { readonly issuer: string; readonly identity: string }): boolean {
  if (signer.issuer !== found.issuer) return false;
  return 'identity' in signer ? signer.identity === found.identity : matchesIdentityPattern(signer.identityPattern, found.identity);
}

/**
 * The pattern and the identity are taken apart at their first `@`, so that an `@` in the name of a branch, or of a workflow's file, stays where it
 * is: no part of a ref can stand for a part of a workflow.
 */
function matchesIdentityPattern(pattern: string, identity: string): boolean {
  if (identityPatternProblem(pattern) !== undefined) return false;
  const [wanted, found] = [splitIdentity(pattern), splitIdentity(identity)];
  return matchesPart(wanted.workflow, found.workflow) && (wanted.ref === undefined ? found.ref === undefined : found.ref !== undefined && matchesPart(wanted.ref, found.ref));
}

function splitIdentity(identity: string): { readonly workflow: string; readonly ref: string | undefined } {
  const index = identity.indexOf('@');
  return index === -1 ? { workflow: identity, ref: undefined } : { workflow: identity.slice(0, index), ref: identity.slice(index + 1) };
}

function matchesPart(pattern: string, text: string): boolean {
  const literals = pattern.split('*').map((literal) => literal.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  return new RegExp(`^${literals.join('[^/@]+')}$`).test(text);
}
