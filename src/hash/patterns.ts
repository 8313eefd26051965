import picomatch from 'picomatch';
import { ProofError } from '../errors';
import { isWithin, printable } from '../files';
import { checkPath, isBelow } from './paths';

/** An artifact pattern, ready to be looked up. Everything is workspace-relative. */
export interface ArtifactPattern {
  /** As configured. */
  readonly source: string;
  /** The leading part without glob magic, a literal path; `.` is the workspace root. */
  readonly base: string;
  /** What must match below `base`, in fast-glob's syntax; undefined when the pattern names `base` itself. */
  readonly glob: string | undefined;
  /** The pattern ended in `/**`, which only folders have anything in. */
  readonly foldersOnly: boolean;
}

interface PatternProject {
  readonly name: string;
  readonly root: string;
}

/**
 * Reads an artifact pattern as Nx reads outputs: `{workspaceRoot}` or `{projectRoot}` in front, {projectRoot} and {projectName} anywhere;
 * without one of these in front it is relative to the project. What is put in for them is literal, however it is spelled: `apps/[id]`.
 * `X/**` and `X/**` followed by `/*` mean the folder X, since everything in an artifact root counts.
 * @throws ProofError OPTION_INVALID, PATH_OUTSIDE
 */
export function artifactPatternToWorkspace(pattern: string, project: PatternProject): ArtifactPattern {
  checkPattern(pattern);
  const segments = normalise(splitSegments(interpolate(pattern, project)), pattern);
  const foldersOnly = dropGlobstars(segments);
  const literal = segments.findIndex(isMagic);
  const base = (literal === -1 ? segments : segments.slice(0, literal)).map(unescape).join('/') || '.';
  if (base !== '.') checkPath(base);
  const glob = literal === -1 ? undefined : segments.slice(literal).map(globSegment).join('/');
  return { source: pattern, base, glob, foldersOnly };
}

/**
 * A predicate over workspace-relative paths: can the patterns cover this file, or have this folder as a root? Pure: what lies on the disk does
 * not matter, so that it also answers for files that are gone.
 */
export function artifactMatcher(patterns: readonly string[], project: PatternProject): (name: string) => boolean {
  const tests = patterns.map((pattern) => matcherOf(artifactPatternToWorkspace(pattern, project)));
  return (name) => isBelow(name) && tests.some((test) => test(name));
}

function matcherOf({ base, glob }: ArtifactPattern): (name: string) => boolean {
  if (glob === undefined) return (name) => isWithin(base, name);
  // As fast-glob sets it; without `posix`, [!a] matches nothing.
  const matches = picomatch(glob, { dot: true, posix: true, windows: false });
  return (name) => {
    if (!isWithin(base, name)) return false;
    const parts = (base === '.' ? name : name.slice(base.length + 1)).split('/');
    return parts.some((_, index) => matches(parts.slice(0, index + 1).join('/')));
  };
}

function checkPattern(pattern: string): void {
  const invalid = (what: string): ProofError =>
    new ProofError('OPTION_INVALID', `artifacts: "${printable(pattern)}" ${what}`, { details: { option: 'artifacts', value: pattern } });
  if (pattern.trim() === '') throw invalid('is empty');
  if (pattern.startsWith('!')) throw invalid('excludes files, but everything in an artifact root counts; name the folders that are meant in "artifacts"');
  if (/^(?:\/|[A-Za-z]:)/.test(pattern)) {
    throw invalid('is an absolute path; give one relative to the project, or start it with {workspaceRoot}');
  }
  if (pattern.includes('{workspaceRoot}', 1)) throw invalid('has {workspaceRoot} elsewhere than at its start');
  const token = /\{(?:options|env)\.[^}]*\}/.exec(pattern);
  if (token !== null) throw invalid(`has ${token[0]}, which has no value`);
}

function interpolate(pattern: string, project: PatternProject): string {
  const absolute = /^\{(workspaceRoot|projectRoot)\}/.test(pattern) ? pattern : `{projectRoot}/${pattern}`;
  const values: Readonly<Record<string, string>> = { workspaceRoot: '.', projectRoot: escape(project.root), projectName: escape(project.name) };
  return absolute.replace(/\{(workspaceRoot|projectRoot|projectName)\}/g, (_, token: string) => values[token] ?? '');
}

/** Splits at slashes, but not within {a/b,c} and (a/b|c); an escaped slash is a slash. */
function splitSegments(pattern: string): string[] {
  const text = pattern.replaceAll('\\/', '/');
  const segments = [''];
  let depth = 0;
  for (const part of text.match(/\\[^]|[^]/gu) ?? []) {
    if (part === '{' || part === '(') depth += 1;
    if (part === '}' || part === ')') depth -= 1;
    if (part === '/' && depth <= 0) segments.push('');
    else segments.push(`${segments.pop() ?? ''}${part}`);
  }
  // Not balanced, so these are characters of a name.
  return depth === 0 ? segments : text.split('/');
}

/** Resolves `.`, `..` and empty segments. */
function normalise(segments: readonly string[], pattern: string): string[] {
  const result: string[] = [];
  for (const segment of segments) {
    const name = unescape(segment);
    if (name === '..') {
      const above = result.pop();
      if (above === undefined || isMagic(above)) throw outsideError(pattern);
    } else if (/(^|[{,(|/])\.\.([},)|/]|$)/.test(name) && isMagic(segment)) {
      throw outsideError(pattern);
    } else if (name !== '' && name !== '.') {
      result.push(segment);
    }
  }
  return result;
}

const outsideError = (pattern: string): ProofError =>
  new ProofError('PATH_OUTSIDE', `artifacts: "${printable(pattern)}" leaves the workspace, or may leave it, by ".."`, { details: { path: pattern } });

/** Takes a final `**`, or `**` and `*`, off; true when there was one. */
function dropGlobstars(segments: string[]): boolean {
  const count = segments.length;
  if (segments.at(-1) === '*' && segments.at(-2) === '**') segments.pop();
  while (segments.at(-1) === '**') segments.pop();
  return segments.length < count;
}

/** Escaped characters, and a `!` that is neither at the start of the pattern nor of an extglob, are characters of a name. */
const isMagic = (segment: string): boolean => isDynamic(segment.replace(/\\[^]|^!(?!\()/g, '_'));

/** What fast-glob's isDynamicPattern says of a segment without backslashes: to load fast-glob takes longer than to verify a proof. */
export function isDynamic(segment: string): boolean {
  if (/[*?]|^!|\[[^[]*\]|(?:^|[^!*+?@])\([^(]*\|[^|]*\)|[!*+?@]\([^(]*\)/.test(segment)) return true;
  const opening = segment.indexOf('{');
  const closing = segment.indexOf('}', opening + 1);
  return opening !== -1 && closing !== -1 && /,|\.\./.test(segment.slice(opening, closing));
}

/** A segment below the first magic one; parentheses that belong to no group are meant literally, as in `(group)`. */
function globSegment(segment: string): string {
  if (!isMagic(segment)) return escape(unescape(segment));
  return segment.replace(/^!(?!\()/, '\\!').replace(/(^|[^@!+*?\\])\(([^()|]*)\)/g, '$1\\($2\\)');
}

const escape = (text: string): string => text.replace(/[\\*?[\]{}()!+@|,]/g, '\\$&');
const unescape = (segment: string): string => segment.replace(/\\([^])/g, '$1');
