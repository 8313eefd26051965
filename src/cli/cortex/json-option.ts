import path from 'node:path';
import { ProofError } from '../../errors';
import { readDocument } from '../../files';
import { parseJson } from '../../model/json';
import { textOption, type CommandContext } from '../context';

/**
 * The JSON of an option: the value itself if it begins like an object or array, else the content of the file that it names.
 * @throws ProofError OPTION_INVALID when it is no JSON or the file is missing; FILE_TOO_LARGE
 */
export async function jsonOption(context: CommandContext, name: string): Promise<unknown> {
  const value = textOption(context, name);
  if (value === undefined) return undefined;
  if (/^\s*[[{]/.test(value)) return parseJson(Buffer.from(value), `--${name}`, 'OPTION_INVALID');
  const file = path.resolve(context.env.cwd, value);
  return parseJson(await readDocument(file, { missing: 'OPTION_INVALID', what: `--${name}: neither a JSON object or array nor a file;` }), `--${name} ${file}`, 'OPTION_INVALID');
}

/** @throws ProofError OPTION_INVALID when the option was not given */
export function requiredText(context: CommandContext, name: string, what: string): string {
  const value = textOption(context, name);
  if (value === undefined) throw new ProofError('OPTION_INVALID', `cortex-proofs create needs --${name} ${what}`, { details: { option: `--${name}` } });
  return value;
}
