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
    const edited = isChanged ? await insert(text, ['rules', index, 'signers', rule.signers.length], { key: trust.key }) : text;
    return { text: edited, rule: `rules[${index}]`, isChanged };
  }
  const place = placeOfRule(policy, trust);
  checkReached(policy, place, trust);
  return { text: await insert(text, ['rules', place], newRule(trust)), rule: `rules[${place}]`, isChanged: true };
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

async function insert(text: string, at: (string | number)[], value: unknown): Promise<string> {
  const { applyEdits, modify } = await import('jsonc-parser');
  const indent = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ';
  const formattingOptions = { insertSpaces: !indent.startsWith('\t'), tabSize: indent.length, eol: text.includes('\r\n') ? '\r\n' : '\n' };
  return applyEdits(text, modify(text, at, value, { isArrayInsertion: true, formattingOptions }));
}
