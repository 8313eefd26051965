import type { Rule } from '../model/types';
import type { Check } from '../model/verdict';
import { failed } from './check';

/** Why no signature could be accepted for the project, whoever made it; undefined when the rule can be applied. */
export function refuseRule(rule: Rule | undefined, ruleName: string, project: string, inCI: boolean): Check<'signature'> | undefined {
  if (rule === undefined) return failed('signature', 'RULE_MISSING', `no rule of the policy names the project ${project}, so no signer is accepted`, { project });
  if (rule.scope === 'local' && inCI) return failed('signature', 'RULE_LOCAL_ONLY', `${ruleName} has "scope": "local", and CI is set`, { rule: ruleName });
  return undefined;
}
