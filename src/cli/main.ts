import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import path from 'node:path';
import { EXIT, isProofError, toProofError, worstExit, type ExitCode } from '../errors';
import type { TrustEvent } from '../events';
import { currentTraceId } from '../telemetry';
import { VERSION } from '../version';
import type { CommandContext } from './context';
import type { Host } from './host';
import { parseCommandLine, type Invocation } from './parse';
import { Printer, type LogLevel } from './printer';
import { NX_PROOF, type Program } from './spec';

type Run = (context: CommandContext) => Promise<ExitCode>;

/** A program with what its commands do, by their names. */
export interface RunnableProgram extends Program {
  readonly runs: Readonly<Record<string, () => Promise<Run>>>;
}

/** Each command is loaded when it is called: a process that verifies loads nothing that signs, and none but create loads Nx. */
const RUNS: RunnableProgram['runs'] = {
  create: async () => (await import('./create')).runCreate,
  sign: async () => (await import('./sign')).runSign,
  verify: async () => (await import('./verify')).runVerify,
  'verify-bundle': async () => (await import('./verify-bundle')).runVerifyBundle,
  'key generate': async () => (await import('./key')).runKeyGenerate,
  'key trust': async () => (await import('./key')).runKeyTrust,
  'key list': async () => (await import('./key')).runKeyList,
  'trust status': async () => (await import('./trust')).runTrustStatus,
  'trust refresh': async () => (await import('./trust')).runTrustRefresh,
  'trust import': async () => (await import('./trust')).runTrustImport,
  'trust clear': async () => (await import('./trust')).runTrustClear,
  'trust audit': async () => (await import('./trust')).runTrustAudit,
};

/** The command line `nx-proof ARGV…`. */
export const main = (argv: readonly string[], host: Host): Promise<ExitCode> => runProgram({ ...NX_PROOF, runs: RUNS }, argv, host);

/**
 * Does what a command line says and prints it. Never throws.
 * @returns the exit code
 */
export async function runProgram(program: RunnableProgram, argv: readonly string[], host: Host): Promise<ExitCode> {
  let printer = new Printer(host, { json: argv.includes('--json'), plain: argv.includes('--plain'), logLevel: 'info', logFormat: 'text' });
  try {
    const invocation = parseCommandLine(argv, program);
    printer = printerFor(host, invocation);
    return await tellingOfTrust(printer, () => run(program, invocation, host, printer));
  } catch (error) {
    return fail(error, printer);
  }
}

async function run(program: RunnableProgram, { command, ...given }: Invocation, host: Host, printer: Printer): Promise<ExitCode> {
  const { values } = given;
  if (values['version'] === true) {
    host.stdout.write(`${VERSION}\n`);
    return EXIT.ok;
  }
  if (command === undefined || values['help'] === true) {
    const { helpText } = await import('./help');
    // Without a command nothing was done, which must not look like success.
    (values['help'] === true ? host.stdout : host.stderr).write(helpText(command, program));
    return values['help'] === true ? EXIT.ok : EXIT.usage;
  }
  const cwd = typeof values['cwd'] === 'string' ? path.resolve(host.cwd, values['cwd']) : host.cwd;
  const env = { now: host.now, env: host.env, cwd, signal: host.signal };
  const start = await program.runs[command.name]?.();
  return (await start?.({ host, printer, ...given, env })) ?? EXIT.usage;
}

function printerFor(host: Host, { values }: Invocation): Printer {
  return new Printer(host, {
    json: values['json'] === true,
    plain: values['plain'] === true,
    logLevel: (values['log-level'] ?? 'info') as LogLevel,
    logFormat: values['log-format'] === 'json' ? 'json' : 'text',
    context: { trace_id: currentTraceId(host.env) ?? randomUUID().replaceAll('-', ''), correlation_id: randomUUID() },
  });
}

/** Logs what the trust cache does while `work` runs. */
async function tellingOfTrust<T>(printer: Printer, work: () => Promise<T>): Promise<T> {
  const listen = (message: unknown): void => {
    const { action, origin, reason, ...facts } = message as TrustEvent;
    printer.log('debug', `trust root: ${action}${reason === undefined ? '' : `; ${reason}`} (${origin})`, { action, ...facts });
  };
  subscribe('nx-proof:trust', listen);
  try {
    return await work();
  } finally {
    unsubscribe('nx-proof:trust', listen);
  }
}

/** What concerns no single project is logged; with --json it is the document as well. */
function fail(thrown: unknown, printer: Printer): ExitCode {
  const error = toProofError(thrown);
  printer.document({ outcomes: [], error: { code: error.code, message: error.message, hint: error.hint, exitCode: error.exitCode, details: error.details }, exitCode: error.exitCode });
  printer.log('error', `${error.message} (${error.code}, exit ${error.exitCode})`, { code: error.code, exitCode: error.exitCode });
  printer.log('error', error.hint);
  if (!isProofError(thrown) && thrown instanceof Error) printer.log('debug', thrown.stack ?? '');
  return worstExit([error.exitCode]);
}
