import { parseJson } from '../model/json';
import { PREDICATE_TYPE } from '../model/statement';
import type { Check } from '../model/verdict';
import { failed, passed } from './check';

/** The payload as JSON; undefined when it is none. */
export function parsePayload(payload: Uint8Array): unknown {
  try {
    return parseJson(payload, 'statement');
  } catch {
    return undefined;
  }
}

/** in-toto Statement v1: `predicateType`; SLSA v1: `buildDefinition.buildType`. Anything else may mean other things by the same fields. */
export function checkPredicate(json: unknown, expected: string): Check<'predicate'> {
  const predicateType = member(json, 'predicateType');
  if (predicateType !== PREDICATE_TYPE) {
    return failed('predicate', 'PREDICATE_UNSUPPORTED', `predicateType is ${shown(predicateType)}, not ${PREDICATE_TYPE}`, { field: '/predicateType' });
  }
  const buildType = member(member(member(json, 'predicate'), 'buildDefinition'), 'buildType');
  if (buildType !== expected) {
    return failed('predicate', 'PREDICATE_UNSUPPORTED', `predicate.buildDefinition.buildType is ${shown(buildType)}, not ${expected}`, {
      field: '/predicate/buildDefinition/buildType',
    });
  }
  return passed('predicate', `SLSA v1 provenance, ${expected}`);
}

export const member = (value: unknown, name: string): unknown => (typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined);
export const shown = (value: unknown): string => (typeof value === 'string' ? JSON.stringify(value.slice(0, 200)) : 'no string');
