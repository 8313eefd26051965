import { cortexMain } from '../../src/cli/cortex/main';
import { main } from '../../src/cli/main';
import type { Host } from '../../src/cli/host';
import type { ExitCode } from '../../src/errors';

export interface CliOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Whether the streams are terminals. */
  readonly tty?: boolean;
  readonly now?: () => Date;
  readonly ready?: () => void;
  /** nx-proof unless set. */
  readonly program?: 'cortex-proofs';
}

export interface CliResult {
  readonly exitCode: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
  /** The one document on standard output. */
  json(): Record<string, unknown> & { readonly outcomes: readonly Record<string, never>[]; readonly error: Record<string, unknown>; readonly exitCode: number };
}

/** Runs the CLI in this process, over real files, as `nx-proof ARGV…` (or the other program) in `cwd`. The environment is what is given, and nothing else. */
export async function runCli(argv: readonly string[], { cwd, env = {}, signal = new AbortController().signal, tty = false, now = () => new Date(), ready, program }: CliOptions): Promise<CliResult> {
  const written = { stdout: '', stderr: '' };
  const sink = (name: keyof typeof written) => ({ isTTY: tty, columns: 100, write: (text: string) => (written[name] += text) });
  const host: Host = { stdout: sink('stdout'), stderr: sink('stderr'), env, cwd, now, signal, ...(ready && { ready }) };
  const exitCode = await (program === undefined ? main : cortexMain)(argv, host);
  return { ...written, exitCode, json: () => JSON.parse(written.stdout) as ReturnType<CliResult['json']> };
}
