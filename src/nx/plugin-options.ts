import { ProofError } from '../errors';
import { DEFAULT_NAMES, type TargetNames } from './targets';

/** Options of "nx-proof/plugin" in nx.json. */
export type PluginOptions = Partial<TargetNames>;

const NAMES = Object.keys(DEFAULT_NAMES) as (keyof TargetNames)[];

/** @throws ProofError OPTION_INVALID naming the option and its value */
export function parsePluginOptions(options: unknown): TargetNames {
  if (options === undefined || options === null) return DEFAULT_NAMES;
  if (typeof options !== 'object' || Array.isArray(options)) throw invalid('options', options, 'must be an object');
  for (const [name, value] of Object.entries(options)) {
    if (!NAMES.includes(name as keyof TargetNames)) throw invalid(name, value, `is not an option of the plugin; it has ${NAMES.join(', ')}`);
    if (typeof value !== 'string' || value === '') throw invalid(name, value, 'must be the name of a target');
  }
  const names: TargetNames = { ...DEFAULT_NAMES, ...options };
  const { buildTarget: _build, ...targets } = names;
  const twice = Object.values(targets).find((name, index, all) => all.indexOf(name) !== index);
  if (twice !== undefined) throw invalid('createTargetName, signTargetName, verifyTargetName', twice, 'must be three different names');
  return names;
}

function invalid(option: string, value: unknown, problem: string): ProofError {
  return new ProofError('OPTION_INVALID', `nx.json, plugin nx-proof/plugin: option "${option}" with the value ${JSON.stringify(value)} ${problem}`, { details: { option, value } });
}
