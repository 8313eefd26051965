import { existsSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { isolatedEnv, npmEntry, REPOSITORY } from '../../examples/support/tools.mjs';
import { mustRun, runNode } from './process';

declare module 'vitest' {
  interface ProvidedContext {
    /** The package as it would be published. */
    tarball: string;
    /** A folder for this run, removed at its end: installed workspaces to copy from. */
    cache: string;
  }
}

/** Packs what `npm run build` made, once for all tests. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (!existsSync(path.join(REPOSITORY, 'dist', 'src', 'index.js'))) throw new Error('dist is missing: run "npm run build" first');
  const cache = await realpath(await mkdtemp(path.join(os.tmpdir(), 'nx-proof-e2e-')));
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', cache];
  const packed = await mustRun(runNode(npmEntry(), args, { cwd: REPOSITORY, env: isolatedEnv(path.join(cache, 'home')) }), 'npm pack');
  const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }];
  project.provide('tarball', path.join(cache, filename));
  project.provide('cache', cache);
  return () => rm(cache, { recursive: true, force: true, maxRetries: 5 });
}
