import { EXIT } from '../errors';
import { COMMANDS, COMMON_OPTIONS, PROGRAM, type CommandSpec, type OptionSpec } from './spec';

const EXIT_MEANINGS: readonly (readonly [string, string])[] = [
  [String(EXIT.ok), 'yes: every proof asked for holds, everything asked for was done'],
  [String(EXIT.refused), 'no: a proof does not hold, or an artifact is not the proved one'],
  [String(EXIT.usage), "the caller's mistake: options, policy, nothing to verify"],
  [String(EXIT.environment), 'the environment: files that cannot be read or written, an interrupted run'],
];

/** What --help prints: of a command, or of the program when there is none. */
export function helpText(command: CommandSpec | undefined): string {
  return command === undefined ? programHelp() : commandHelp(command);
}

function programHelp(): string {
  return [
    `Usage: ${PROGRAM} COMMAND [OPTION…]`,
    '',
    'Proves what an Nx workspace ships: creates, signs and verifies provenance, per project.',
    ...section('Commands', COMMANDS.map(({ name, summary }) => [name, firstSentence(summary)])),
    ...section('Options of every command', optionRows(COMMON_OPTIONS)),
    ...section('Exit codes', EXIT_MEANINGS),
    '',
    `${PROGRAM} COMMAND --help tells more about a command.`,
    '',
  ].join('\n');
}

function commandHelp({ name, summary, positionals, options, examples }: CommandSpec): string {
  return [
    `Usage: ${[PROGRAM, name, positionals, '[OPTION…]'].filter((part) => part !== undefined).join(' ')}`,
    '',
    summary,
    ...section('Options', optionRows(options)),
    ...section('Options of every command', optionRows(COMMON_OPTIONS)),
    ...section('Examples', examples.map(([line, meaning]) => [`${PROGRAM} ${line}`, meaning])),
    ...section('Exit codes', EXIT_MEANINGS),
    '',
  ].join('\n');
}

function optionRows(options: Readonly<Record<string, OptionSpec>>): (readonly [string, string])[] {
  return Object.entries(options).map(([name, { value, describe, choices }]) => [
    `--${name}${value === undefined ? '' : ` ${value}`}`,
    `${describe}${choices === undefined ? '' : ` (${choices.join(', ')})`}`,
  ]);
}

function section(title: string, rows: readonly (readonly [string, string])[]): string[] {
  if (rows.length === 0) return [];
  const width = Math.max(...rows.map(([left]) => left.length));
  return ['', `${title}:`, ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)];
}

const firstSentence = (text: string): string => text.replace(/(?<=\.) .*$/, '');
