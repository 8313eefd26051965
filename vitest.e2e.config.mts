import path from 'node:path';
import { defineConfig } from 'vitest/config';

/** A folder for machine-readable reports; .ci/run sets it and adds up what they count. */
const reports = process.env['TEST_REPORTS'];

const config = defineConfig({
  test: {
    include: ['e2e/**/*.test.ts'],
    globalSetup: ['e2e/support/pack.ts'],
    reporters: reports === undefined ? ['default'] : ['default', ['json', { outputFile: path.join(reports, 'e2e.json') }]],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
export { config as default };
