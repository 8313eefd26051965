import { printable } from '../files';
import { BRAND } from '../model/report';
import { withoutTokens } from '../redact';
import type { Host, Sink } from './host';

const LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LEVELS)[number];

export interface PrinterOptions {
  readonly json: boolean;
  readonly plain: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: 'text' | 'json';
  /** Members of every line of a JSON log. */
  readonly context?: Readonly<Record<string, string>>;
}

const COLOURS = { green: 32, red: 31, yellow: 33, dim: 2 } as const;
type Colour = keyof typeof COLOURS;

/** The words of a report that are coloured; they say all by themselves. */
const WORDS: Readonly<Record<string, Colour>> = { PASSED: 'green', passed: 'green', FAILED: 'red', failed: 'red', asserted: 'yellow', unchecked: 'dim' };
const LABELS = { error: ['error: ', 'red'], warn: ['warning: ', 'yellow'], info: ['', 'dim'], debug: ['debug: ', 'dim'] } as const;

/**
 * Results go to standard output, logs to standard error. What is printed may hold names that somebody else chose: control characters are shown
 * as escapes, so that they cannot rewrite the terminal or forge a line. Nor is any identity token printed, wherever it came from.
 */
export class Printer {
  readonly #host: Host;
  readonly #options: PrinterOptions;

  constructor(host: Host, options: PrinterOptions) {
    this.#host = host;
    this.#options = options;
  }

  /** True when lines of standard error may be redrawn. */
  get redraws(): boolean {
    const { plain, json, logFormat } = this.#options;
    return isTerminal(this.#host, this.#host.stderr) && !plain && !json && logFormat === 'text';
  }

  /** Lines of the results; none with --json. */
  lines(lines: readonly string[]): void {
    if (this.#options.json) return;
    const coloured = this.#colours(this.#host.stdout);
    for (const line of lines) write(this.#host.stdout, `${coloured ? paintWord(printable(line)) : printable(line)}\n`);
  }

  /** A result that concerns no single project. */
  status(text: string): void {
    this.lines([`${BRAND} ${text}`]);
  }

  /** The one document of --json. */
  document(value: unknown): void {
    if (this.#options.json) write(this.#host.stdout, `${JSON.stringify(value)}\n`);
  }

  log(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    if (LEVELS.indexOf(level) > LEVELS.indexOf(this.#options.logLevel)) return;
    const { stderr, now } = this.#host;
    if (this.#options.logFormat === 'json') {
      write(stderr, `${JSON.stringify({ time: now().toISOString(), level, brand: BRAND.slice(1, -1), component: 'proof-artifacts', ...this.#options.context, message, ...fields })}\n`);
      return;
    }
    const [label, colour] = LABELS[level];
    write(stderr, `${BRAND} ${this.#colours(stderr) ? paint(label, colour) : label}${printable(message)}\n`);
  }

  #colours(sink: Sink): boolean {
    return isTerminal(this.#host, sink) && !this.#options.plain && (this.#host.env['NO_COLOR'] ?? '') === '';
  }
}

const write = (sink: Sink, text: string): unknown => sink.write(withoutTokens(text));
const isTerminal = (host: Host, sink: Sink): boolean => sink.isTTY === true && host.env['TERM'] !== 'dumb';
const paint = (text: string, colour: Colour): string => (text === '' ? '' : `\x1b[${COLOURS[colour]}m${text}\x1b[0m`);

/** Colours the word that says how it went: the first one of a check, or the one after the project of a verdict. */
function paintWord(line: string): string {
  return line.replace(/^(  |\[\w+\] .*?: )(PASSED|FAILED|passed|failed|asserted|unchecked)(?=[ ;])/, (_, before: string, word: string) => `${before}${paint(word, WORDS[word] ?? 'dim')}`);
}
