import { EXIT } from '../errors';
import { NX_PROOF, type CommandSpec, type OptionSpec, type Program } from './spec';

const EXIT_MEANINGS: readonly (readonly [string, string])[] = [
  [String(EXIT.ok), 'yes: every proof asked for holds, everything asked for was done'],
  [String(EXIT.refused), 'no: a proof does not hold, or an artifact is not the proved one'],
  [String(EXIT.usage), "the caller's mistake: options, policy, nothing to verify"],
  [String(EXIT.environment), 'the environment: files that cannot be read or written, an interrupted run'],
];

/** What --help prints: of a command, or of the program when there is none. */
export function helpText(command: CommandSpec | undefined, program: Program = NX_PROOF): string {
  return command === undefined ? programHelp(program) : commandHelp(command, program);
}

function programHelp({ name: program, summary: purpose, commands, commonOptions }: Program): string {
  return [
    `Usage: ${program} COMMAND [OPTION…]`,
    '',
    purpose,
    ...section('Commands', commands.map(({ name, summary }) => [name, firstSentence(summary)])),
    ...section('Options of every command', optionRows(commonOptions)),
    ...section('Exit codes', EXIT_MEANINGS),
    '',
    `${program} COMMAND --help tells more about a command.`,
    '',
  ].join('\n');
}

function commandHelp({ name, summary, positionals, options, examples }: CommandSpec, { name: program, commonOptions }: Program): string {
  return [
    `Usage: ${[program, name, positionals, '[OPTION…]'].filter((part) => part !== undefined).join(' ')}`,
    '',
    summary,
    ...section('Options', optionRows(options)),
    ...section('Options of every command', optionRows(commonOptions)),
    ...section('Examples', examples.map(([line, meaning]) => [`${program} ${line}`, meaning])),
    ...section('Exit codes', EXIT_MEANINGS),
    '',
  ].join('\n');
}

function optionRows(options: Readonly<Record<string, OptionSpec>>): (readonly [string, string])[] {
  return Object.entries(options).map(([name, { value, describe, choices, repeats }]) => [
    `--${name}${value === undefined ? '' : ` ${value}`}${repeats === undefined ? '' : '…'}`,
    `${describe}${choices === undefined ? '' : ` (${choices.join(', ')})`}`,
  ]);
}

function section(title: string, rows: readonly (readonly [string, string])[]): string[] {
  if (rows.length === 0) return [];
  const width = Math.max(...rows.map(([left]) => left.length));
  return ['', `${title}:`, ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)];
}

const firstSentence = (text: string): string => text.replace(/(?<=\.) .*$/, '');
