import picomatch from 'picomatch';
import { ProofError } from '../errors';
import type { Project } from './project';

export type PolicyProject = Pick<Project, 'name' | 'tags'>;

const TAG = 'tag:';
const matchers = new Map<string, (text: string) => boolean>();

/** What is wrong with a project pattern, or undefined. */
export function checkPattern(pattern: string): string | undefined {
  const glob = pattern.startsWith(TAG) ? pattern.slice(TAG.length) : pattern;
  if (glob.trim() === '') return 'is empty';
  if (glob.startsWith('!')) return `is ${JSON.stringify(pattern)}; exclusions are not supported, since the first rule that matches decides`;
  return undefined;
}

/**
 * True when the pattern names the project: by its name, by a glob over names (`*` alone is every project, else it does not match a slash), or by
 * `tag:` and a glob over tags.
 * @throws ProofError GRAPH_REQUIRED when tags decide and the project's are not known: they are never taken for none
 */
export function matchesPattern(pattern: string, project: PolicyProject): boolean {
  if (!pattern.startsWith(TAG)) return pattern === project.name || matcher(pattern)(project.name);
  if (project.tags === undefined) {
    const message = `the policy's ${JSON.stringify(pattern)} needs the tags of the project ${project.name}, which cannot be determined from files alone`;
    throw new ProofError('GRAPH_REQUIRED', message, { details: { project: project.name, pattern } });
  }
  const glob = pattern.slice(TAG.length);
  return project.tags.some((tag) => tag === glob || matcher(glob)(tag));
}

function matcher(glob: string): (text: string) => boolean {
  if (glob === '*') return () => true;
  const known = matchers.get(glob) ?? picomatch(glob, { dot: true, nonegate: true, windows: false });
  matchers.set(glob, known);
  return known;
}
