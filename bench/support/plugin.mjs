// The plugin as `npm run build` made it. Benchmarks build nothing: what is measured must be what was built.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { REPOSITORY } from '../../examples/support/tools.mjs';

const DIST = path.join(REPOSITORY, 'dist', 'src');
/** The command line's entry. */
export const CLI = path.join(DIST, 'cli', 'nx-proof.js');

/** The library of the build. Says what is missing, and ends the process, when there is no build. */
export function requirePlugin() {
  const missing = [CLI, path.join(DIST, 'index.js')].filter((file) => !existsSync(file));
  if (missing.length > 0) {
    console.error(`${missing.join(' and ')} missing: run "npm run build" first`);
    process.exit(2);
  }
  return createRequire(import.meta.url)(path.join(DIST, 'index.js'));
}
