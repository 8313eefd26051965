import path from 'node:path';
import { defineConfig } from 'vitest/config';

/** A folder for machine-readable reports; .ci/run sets it and adds up what they count. */
const reports = process.env['TEST_REPORTS'];

const config = defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    reporters: reports === undefined ? ['default'] : ['default', ['json', { outputFile: path.join(reports, 'unit.json') }]],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'executors/**/*.ts', 'generators/**/*.ts'],
      exclude: ['src/model/generated/**'],
      thresholds: { lines: 95, branches: 95 },
      reporter: ['text-summary', 'text'],
    },
  },
});
export { config as default };
