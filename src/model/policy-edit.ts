import { ProofError } from '../errors';
import { isKeySigner, readPolicy, ruleName } from './policy';
import { checkPattern, matchesPattern } from './project-pattern';
import type { Policy, Rule } from './types';

/** Whose signature to accept, for whose proofs. */
export interface KeyTrust {
  /** The fingerprint of the key. */
  readonly key: string;
  /** Project names, globs over names, or tag:NAME. */
  readonly projects: readonly string[];
  /** local: the rule is refused when CI is set. */
  readonly scope?: 'local';
}

export interface PolicyEdit {
  /** The policy's new text. */
  readonly text: string;
  /** How messages name the rule that has the key: `rules[0]`. */
  readonly rule: string;
  /** False when the policy says so already. */
  readonly isChanged: boolean;
}

/**
 * Makes a policy accept a key: as one more signer of the rule that has the same projects and scope, else in a rule of its own, at a place where
 * it decides. No other rule changes, and the text keeps its formatting outside of what is added.
 * @param text the policy file; undefined to begin one
 * @throws ProofError POLICY_INVALID; OPTION_INVALID when another rule decides for these projects already
 */
export async function trustKeyInPolicy(text: string | undefined, trust: KeyTrust): Promise<PolicyEdit> {
  checkProjects(trust.projects);
  if (text === undefined) return { text: `${JSON.stringify({ version: 1, rules: [newRule(trust)] }, null, 2)}\n`, rule: 'rules[0]', isChanged: true };
  const policy = readPolicy(Buffer.from(text));
  const index = policy.rules.findIndex((rule) => sameProjects(rule, trust) && rule.scope === trust.scope);
  const rule = policy.rules[index];
  if (rule !== undefined) {
    checkReached(policy, index, trust);
    const isChanged = !rule.signers.some((signer) => isKeySigner(signer) && signer.key === trust.key);
    const edited = isChanged ? await insert(text, ['rules', index, 'signers'], rule.signers.length, { key: trust.key }) : text;
    return { text: edited, rule: `rules[${index}]`, isChanged };
  }
  const place = placeOfRule(policy, trust);
  checkReached(policy, place, trust);
  return { text: await insert(text, ['rules'], place, newRule(trust)), rule: `rules[${place}]`, isChanged: true };
}

function newRule({ key, projects, scope }: KeyTrust): Rule {
  return { projects: [...projects], signers: [{ key }], ...(scope === undefined ? {} : { scope }) };
}

function checkProjects(projects: readonly string[]): void {
  if (projects.length === 0) throw new ProofError('OPTION_INVALID', 'the option "projects" is empty; name the projects, or * for all', { details: { option: 'projects' } });
  for (const pattern of projects) {
    const problem = checkPattern(pattern);
    if (problem !== undefined) throw new ProofError('OPTION_INVALID', `the option "projects" has ${JSON.stringify(pattern)}, which ${problem}`, { details: { option: 'projects', value: pattern } });
  }
}

function sameProjects(rule: Rule, { projects }: KeyTrust): boolean {
  const [ours, theirs] = [new Set(projects), new Set(rule.projects)];
  return ours.size === theirs.size && [...ours].every((pattern) => theirs.has(pattern));
}

/**
 * Where a new rule goes, since the first that matches decides: before the local rule of the same projects (which refuses in CI what this one is to
 * accept), before a rule for all projects, else at the end.
 */
function placeOfRule(policy: Policy, trust: KeyTrust): number {
  const isForAll = trust.projects.includes('*');
  const place = policy.rules.findIndex((rule) => (trust.scope === undefined && rule.scope === 'local' && sameProjects(rule, trust)) || (!isForAll && rule.projects.includes('*')));
  return place === -1 ? policy.rules.length : place;
}

/** Trust that would have no effect is refused: an earlier rule decides for some of the projects. */
function checkReached(policy: Policy, place: number, trust: KeyTrust): void {
  for (const rule of policy.rules.slice(0, place)) {
    const taken = trust.projects.find((pattern) => rule.projects.some((earlier) => covers(earlier, pattern)));
    if (taken === undefined) continue;
    const name = ruleName(policy, rule);
    const options = `--projects ${JSON.stringify(rule.projects.join(','))}${rule.scope === undefined ? '' : ` --scope ${rule.scope}`}`;
    const message = `${name} of the policy decides for ${taken} before a rule with this key would; give ${options} to add the key to ${name}, or edit the policy`;
    throw new ProofError('OPTION_INVALID', message, { details: { option: 'projects', value: taken, rule: name } });
  }
}

/** Whether the earlier pattern surely decides for all that this one names: known for equal patterns, `*`, and single projects. */
function covers(earlier: string, pattern: string): boolean {
  if (earlier === pattern || earlier === '*') return true;
  const isName = /^[\w@/.-]+$/.test(pattern);
  return isName && !earlier.startsWith('tag:') && matchesPattern(earlier, { name: pattern, tags: [] });
}

/**
 * The text with one more element in the array at `path`, before that of `index` or at the end. Not a byte of what is there changes: the element goes on
 * lines of its own where its neighbour does, and beside it where not.
 */
async function insert(text: string, path: (string | number)[], index: number, value: object): Promise<string> {
  const { findNodeAtLocation, parseTree } = await import('jsonc-parser');
  const root = parseTree(text);
  const array = root && findNodeAtLocation(root, path);
  if (array === undefined) throw new TypeError(`the policy has no array at ${path.join('.')}`);
  const next = array.children?.[index];
  const last = array.children?.at(-1);
  if (next !== undefined) return splice(text, next.offset, ({ element, gap }) => `${element},${gap}`, lineIndent(text, next.offset), value);
  if (last !== undefined) return splice(text, last.offset + last.length, ({ element, gap }) => `,${gap}${element}`, lineIndent(text, last.offset), value);
  const outer = /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', array.offset) + 1))?.[0] ?? '';
  return splice(text, array.offset + 1, ({ element, gap, eol }) => `${gap}${element}${eol}${outer}`, outer + indentUnit(text), value);
}

interface Element {
  readonly element: string;
  /** What goes between two elements. */
  readonly gap: string;
  readonly eol: string;
}

function splice(text: string, at: number, render: (element: Element) => string, indent: string | undefined, value: object): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const pretty = JSON.stringify(value, null, indentUnit(text)).replaceAll('\n', `${eol}${indent ?? ''}`);
  const element = indent === undefined ? { element: JSON.stringify(value), gap: ' ', eol } : { element: pretty, gap: `${eol}${indent}`, eol };
  return text.slice(0, at) + render(element) + text.slice(at);
}

/** The indentation before an element that begins its line; undefined for one that does not. */
function lineIndent(text: string, offset: number): string | undefined {
  const before = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
  return text.lastIndexOf('\n', offset - 1) !== -1 && /^[ \t]*$/.test(before) ? before : undefined;
}

function indentUnit(text: string): string {
  return /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ';
}
