import { $defs } from '../../schemas/proof.schema.json';
import { ProofError } from '../errors';
import { validateProofFile } from '../model/generated/validators.cjs';
import type { CreateOptions, SignOptions, VerifyOptions } from '../model/types';

export interface OptionsOf {
  create: CreateOptions;
  sign: SignOptions;
  verify: VerifyOptions;
}
export type Verb = keyof OptionsOf;

/** The names of the options of each executor. */
export const OPTION_NAMES: Readonly<Record<Verb, readonly string[]>> = {
  create: Object.keys($defs.CreateOptions.properties),
  sign: Object.keys($defs.SignOptions.properties),
  verify: Object.keys($defs.VerifyOptions.properties),
};

/** What Nx adds to the options itself. */
const NOT_OPTIONS: readonly string[] = ['__overrides_unparsed__', '__overrides_unspecified__', 'verbose'];

/**
 * The options of an executor, checked. Nx would check them by the executor's schema.json, but for a batch it does so for all tasks before any
 * runs, and dies without naming the project: the schemas therefore let everything pass, and each task's options are checked here.
 * @throws ProofError OPTION_INVALID naming the option, its value and what is expected
 */
export function parseOptions<V extends Verb>(verb: V, raw: Readonly<Record<string, unknown>>): OptionsOf[V] {
  const options = Object.fromEntries(Object.entries(raw).filter(([name, value]) => value !== undefined && !NOT_OPTIONS.includes(name)));
  const positional = options['_'];
  if (positional !== undefined) throw invalid(verb, '_', positional, 'is not expected here; options are given as --name=value');
  const unknown = Object.keys(options).find((name) => !OPTION_NAMES[verb].includes(name));
  if (unknown !== undefined) throw invalid(verb, unknown, options[unknown], `is not an option of ${verb}; it has ${OPTION_NAMES[verb].join(', ')}`);
  if (!validateProofFile({ [verb]: options })) throw issueError(verb, options);
  return options as OptionsOf[V];
}

function issueError(verb: Verb, options: Readonly<Record<string, unknown>>): ProofError {
  const issue = validateProofFile.errors?.[0];
  const [, , name = '', ...rest] = (issue?.instancePath ?? '').split('/');
  const allowed = issue?.params['allowedValues'] ?? issue?.params['allowedValue'];
  const extra = issue?.params['additionalProperty'];
  const expected = typeof extra === 'string' ? `must not have the field "${extra}"` : `${issue?.message ?? 'is not valid'}${allowed === undefined ? '' : `: ${JSON.stringify(allowed)}`}`;
  return invalid(verb, name, options[name], rest.length === 0 ? expected : `is wrong at /${rest.join('/')}: it ${expected}`);
}

function invalid(verb: Verb, option: string, value: unknown, problem: string): ProofError {
  const shown = JSON.stringify(value) ?? String(value);
  const short = shown.length > 100 ? `${shown.slice(0, 100)}…` : shown;
  const what = option === '_' ? `the argument ${short}` : `option "${option}" with the value ${short}`;
  return new ProofError('OPTION_INVALID', `${what} ${problem}`, { details: { verb, option, value } });
}
