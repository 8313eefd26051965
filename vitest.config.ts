import { defineConfig } from 'vitest/config';

export const config = defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
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
