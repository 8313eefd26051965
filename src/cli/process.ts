import { EXIT, type ExitCode } from '../errors';
import type { Host } from './host';

/** An interrupt ends the run in order, with what is being written either done or not begun; a second one ends it at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

/** A reader such as head may close the pipe before everything is printed; the exit code counts all the same. */
function ignoreClosedPipe(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

/** Runs a program in this process: its command line, streams, environment and interrupts. */
export function runProcess(main: (argv: readonly string[], host: Host) => Promise<ExitCode>): void {
  [process.stdout, process.stderr].forEach(ignoreClosedPipe);
  const { stdout, stderr, env } = process;
  // Node ends a process that waits for nothing any more, with exit code 0 unless told otherwise: a run without an answer must not look like a yes.
  process.exitCode = EXIT.environment;
  void main(process.argv.slice(2), { stdout, stderr, env, cwd: process.cwd(), now: () => new Date(), ready: () => process.send?.('ready'), signal: interruption() }).then((exitCode: ExitCode) => {
    process.exitCode = exitCode;
  });
}
