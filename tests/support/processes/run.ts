import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';

const ROOT = path.resolve(import.meta.dirname, '../../..');

/** A TypeScript program as one file that plain Node.js runs; inside the package, so that it finds its dependencies. */
export async function bundleProgram(entry: string): Promise<{ file: string; remove: () => Promise<void> }> {
  const folder = path.join(ROOT, 'node_modules/.cache/nx-proof-tests', `${process.pid}-${path.basename(entry, '.ts')}`);
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, 'program.cjs');
  await build({ entryPoints: [entry], outfile: file, bundle: true, platform: 'node', format: 'cjs', target: 'node20', packages: 'external', logLevel: 'error' });
  return { file, remove: () => rm(folder, { recursive: true, force: true }) };
}

export interface Run {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  /** Resolves when the program has ended; `code` is null when it was killed. */
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

export function startProgram(file: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Run {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
  return { child, stdout: () => stdout, ended };
}

/** Resolves once the program has printed `text`. */
export async function printed(run: Run, text: string): Promise<void> {
  while (!run.stdout().includes(text)) {
    if (run.child.exitCode !== null || run.child.signalCode !== null) throw new Error(`the program ended without printing ${text}: ${(await run.ended).stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
