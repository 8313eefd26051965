import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { chmodSync, lchownSync, mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const NOBODY = 65534;

/** Bundles the entry of the CLI beside the packages that it needs, since tests run before anything is built. */
export async function bundleCli(): Promise<{ file: string; remove: () => void }> {
  const cache = path.resolve('node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(path.join(cache, 'nx-proof-cli-'));
  chmodSync(folder, 0o755);
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<'dependencies' | 'peerDependencies', Record<string, string>>;
  const external = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)];
  const file = path.join(folder, 'nx-proof.cjs');
  await build({ entryPoints: ['src/cli/nx-proof.ts'], outfile: file, bundle: true, platform: 'node', target: 'node20', format: 'cjs', external, logLevel: 'error' });
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface ProcessResult {
  /** null: ended by a signal. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function finished(child: ChildProcess): Promise<ProcessResult> {
  const written = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => (written.stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (written.stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, ...written }));
  });
}

export const isRoot = process.getuid?.() === 0;

/** Options for a child that file permissions hold for: they do not hold for root. */
export const unprivileged: SpawnOptions = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

/** Why `unprivileged` cannot run the file, such as a checkout that only root can reach; undefined when it can. */
export function unprivilegedProblem(file: string): string | undefined {
  const { status, stderr } = spawnSync(process.execPath, [file, '--version'], { ...unprivileged, cwd: '/', encoding: 'utf8' });
  return status === 0 ? undefined : `cannot run as an ordinary user: ${stderr}`;
}

/** Gives a folder with all in it to the user that `unprivileged` runs as. */
export function handOver(folder: string): void {
  if (!isRoot) return;
  lchownSync(folder, NOBODY, NOBODY);
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) lchownSync(path.join(folder, name), NOBODY, NOBODY);
}

export function start(file: string, argv: readonly string[], options: SpawnOptions): ChildProcess {
  return spawn(process.execPath, [file, ...argv], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
}
