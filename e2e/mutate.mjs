// Changes each byte of keyless bundles of all kinds, one at a time, and looks whether any of them is still accepted; `npm test` takes every 13th.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';

const vitest = path.join(path.dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const child = spawn(process.execPath, [vitest, 'run', 'tests/verify/mutants.test.ts', '--disable-console-intercept'], {
  cwd: path.dirname(import.meta.dirname),
  env: { ...process.env, MUTATE_STRIDE: '1' },
  stdio: 'inherit',
});
child.on('exit', (code) => (process.exitCode = code ?? 1));
