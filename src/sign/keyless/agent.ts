import { execFile } from 'node:child_process';
import type { Env } from '../../env';
import { ProofError } from '../../errors';

const TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 256 * 1024;

/**
 * What the CI's own command prints: a token. Without a shell, with the environment of the run.
 * @throws ProofError IDENTITY_NOT_FOUND, without anything that the command wrote: that may be a part of a token
 */
export function runForToken(env: Env, name: string, command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd: env.cwd, env: { ...env.env }, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES, signal: env.signal, windowsHide: true };
    execFile(command, [...args], options, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(env.signal.aborted ? new ProofError('ABORTED', `interrupted while ${command} ran`) : failed(name, command, args, error.code));
    });
  });
}

/** The error itself is no cause: it carries the whole output. */
function failed(name: string, command: string, args: readonly string[], code: string | number | null | undefined): ProofError {
  const how = typeof code === 'number' ? `ended with exit code ${code}` : `could not be run (${code ?? 'killed'})`;
  return new ProofError('IDENTITY_NOT_FOUND', `${name}: "${[command, ...args].join(' ')}" ${how}`, { details: { command, code } });
}
