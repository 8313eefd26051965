import { spawn } from 'node:child_process';

export interface RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Ends the process after so many milliseconds; two minutes unless set. */
  readonly timeout?: number;
  /** Runs as this user and group. */
  readonly uid?: number;
}

export interface RunResult {
  /** -1 when the process was ended by a signal. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams, in the order in which they came. */
  readonly output: string;
}

/** Runs a JavaScript entry with this Node.js: no shell, no .cmd files, the same on every platform. */
export function runNode(script: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  return runCommand(process.execPath, [script, ...args], options);
}

export function runCommand(command: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const limits = { timeout: options.timeout ?? 120_000, killSignal: 'SIGKILL' } as const;
    const user = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid };
    const child = spawn(command, args, { cwd: options.cwd, env: options.env, windowsHide: true, ...limits, ...user, stdio: ['ignore', 'pipe', 'pipe'] });
    const text = { stdout: '', stderr: '', output: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (chunk: string) => {
        text[stream] += chunk;
        text.output += chunk;
      });
    }
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code: code ?? -1, ...text });
    });
  });
}

/** The same, for what has to succeed: an error with the command and everything it printed otherwise. */
export async function mustRun(result: Promise<RunResult>, what: string): Promise<RunResult> {
  const done = await result;
  if (done.code !== 0) throw new Error(`${what} ended with ${done.code}:\n${done.output}`);
  return done;
}
