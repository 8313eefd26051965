import { parseArgs } from 'node:util';
import { ProofError } from '../errors';
import { NX_PROOF, type CommandSpec, type OptionSpec, type Program } from './spec';

/** The options given, by name: true for a switch. */
export type Values = Readonly<Record<string, string | true | undefined>>;
/** The values of the options that take several. */
export type Lists = Readonly<Record<string, readonly string[] | undefined>>;

export interface Invocation {
  /** undefined: none was named, or only the group that several share, as in `nx-proof key`. */
  readonly command: CommandSpec | undefined;
  readonly values: Values;
  readonly lists: Lists;
  readonly positionals: readonly string[];
}

/**
 * Reads a command line.
 * @throws ProofError OPTION_INVALID naming the option, its value and what to give instead
 */
export function parseCommandLine(argv: readonly string[], program: Program = NX_PROOF): Invocation {
  const { command, rest } = findCommand(argv, program);
  const options: Readonly<Record<string, OptionSpec>> = { ...program.commonOptions, ...command?.options };
  const { values, lists, positionals } = readTokens(rest, options);
  if (command === undefined || values['help'] === true || values['version'] === true) return { command, values, lists, positionals };
  if (command.positionals === undefined && positionals[0] !== undefined) {
    throw new ProofError('OPTION_INVALID', `${program.name} ${command.name} takes no argument, and was given ${JSON.stringify(positionals[0])}`, { details: { value: positionals[0] } });
  }
  return { command, values, lists, positionals };
}

function readTokens(args: readonly string[], options: Readonly<Record<string, OptionSpec>>): Omit<Invocation, 'command'> {
  const { tokens } = parseArgs({ args: [...args], options: parserOptions(options), strict: false, allowPositionals: true, tokens: true });
  const values: Record<string, string | true> = {};
  const lists: Record<string, string[]> = {};
  const positionals: string[] = [];
  let words = positionals;
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    else words = positionals;
    if (token.kind !== 'option') continue;
    const value = checkOption(token.name, token.rawName, token.value, token.inlineValue === true, options);
    const earlier = values[token.name];
    const repeats = options[token.name]?.repeats;
    if (repeats !== undefined && typeof value === 'string') {
      const list = (lists[token.name] ??= []);
      list.push(value);
      if (repeats === 'words') words = list;
      continue;
    }
    if (typeof value === 'string' && earlier !== undefined) throw twice(token.rawName, value, earlier, options[token.name]);
    values[token.name] = value;
  }
  return { values, lists, positionals };
}

/** The command is named by the first words that are neither options nor their values. */
function findCommand(argv: readonly string[], { commands, commonOptions }: Program): { command: CommandSpec | undefined; rest: readonly string[] } {
  const at = firstWord(argv, commonOptions);
  const word = argv[at];
  if (at === -1 || word === undefined) return { command: undefined, rest: argv };
  const before = argv.slice(0, at);
  const group = commands.filter(({ name }) => name.startsWith(`${word} `));
  if (group.length === 0) return { command: named(word, commands), rest: [...before, ...argv.slice(at + 1)] };
  const after = argv.slice(at + 1);
  const second = firstWord(after, commonOptions);
  if (second === -1) return { command: undefined, rest: [...before, ...after] };
  return { command: named(`${word} ${after[second] ?? ''}`, group), rest: [...before, ...after.slice(0, second), ...after.slice(second + 1)] };
}

function firstWord(argv: readonly string[], commonOptions: Program['commonOptions']): number {
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    if (!word.startsWith('-')) return index;
    const name = word.replace(/^--/, '');
    if (Object.hasOwn(commonOptions, name) && commonOptions[name]?.value !== undefined) index += 1;
  }
  return -1;
}

function named(name: string, commands: readonly CommandSpec[]): CommandSpec {
  const found = commands.find((command) => command.name === name);
  if (found !== undefined) return found;
  const names = commands.map((command) => command.name);
  throw new ProofError('OPTION_INVALID', `there is no command ${JSON.stringify(name)}${suggestion(name, names, '')}; the commands are ${names.join(', ')}`, { details: { command: name } });
}

function parserOptions(options: Readonly<Record<string, OptionSpec>>): Record<string, { type: 'string' | 'boolean' }> {
  return Object.fromEntries(Object.entries(options).map(([name, { value }]) => [name, { type: value === undefined ? 'boolean' : 'string' }]));
}

function checkOption(name: string, rawName: string, value: string | undefined, inline: boolean, options: Readonly<Record<string, OptionSpec>>): string | true {
  const spec = rawName.startsWith('--') && Object.hasOwn(options, name) ? options[name] : undefined;
  if (spec === undefined) throw new ProofError('OPTION_INVALID', `there is no option ${rawName} here${suggestion(name, Object.keys(options), '--')}`, { details: { option: rawName } });
  if (spec.value === undefined) {
    if (value !== undefined) throw invalid(rawName, value, 'takes no value; leave out what follows the =');
    return true;
  }
  if (value === undefined || value === '' || (!inline && value.startsWith('-'))) {
    throw new ProofError('OPTION_INVALID', `${rawName} needs a value: ${rawName}=${spec.value}`, { details: { option: rawName } });
  }
  if (spec.choices !== undefined && !spec.choices.includes(value)) throw invalid(rawName, value, `must be one of ${spec.choices.join(', ')}`);
  return value;
}

function twice(option: string, value: string, earlier: string | true, spec: OptionSpec | undefined): ProofError {
  if (spec?.isSecret === true) return invalid(option, true, 'is given twice; give it once');
  return invalid(option, value, `is given twice, first with ${JSON.stringify(earlier)}; give it once`);
}

/** An OPTION_INVALID that names an option and its value. */
export function invalid(option: string, value: string | true, problem: string): ProofError {
  const shown = value === true ? '' : ` ${JSON.stringify(value)}`;
  return new ProofError('OPTION_INVALID', `${option}${shown} ${problem}`, { details: { option, value } });
}

function suggestion(name: string, known: readonly string[], prefix: string): string {
  const ranked = known.map((candidate) => ({ candidate, distance: editDistance(name, candidate) })).sort((a, b) => a.distance - b.distance);
  const nearest = ranked[0];
  return nearest !== undefined && nearest.distance <= Math.max(1, Math.floor(name.length / 3)) ? `; did you mean ${prefix}${nearest.candidate}?` : '';
}

/** The least number of insertions, deletions and replacements of a character (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, left] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, right] of [...b].entries()) {
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (left === right ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
