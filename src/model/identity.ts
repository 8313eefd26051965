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
