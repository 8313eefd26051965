import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';

/** Compiles the entry of the hashing workers, since tests run before anything is built. */
export async function compileWorker(): Promise<{ file: string; remove: () => void }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'nx-proof-worker-'));
  const file = path.join(folder, 'worker.cjs');
  await build({ entryPoints: ['src/hash/worker.ts'], outfile: file, bundle: true, platform: 'node', target: 'node20', format: 'cjs', logLevel: 'error' });
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
