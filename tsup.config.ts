import { defineConfig } from 'tsup';

// Nx loads executors, generators and plugins with require(): everything ships as CommonJS.
const config = defineConfig({
  entry: [
    'src/index.ts',
    'src/plugin.ts',
    'src/cli/nx-proof.ts',
    'src/cli/cortex-proofs.ts',
    'src/hash/worker.ts',
    'executors/create/executor.ts',
    'executors/sign/executor.ts',
    'executors/verify/executor.ts',
    'generators/init/generator.ts',
    'generators/targets/generator.ts',
    'generators/sync/generator.ts',
  ],
  outDir: 'dist',
  format: ['cjs'],
  platform: 'node',
  target: 'node20',
  splitting: true,
  clean: true,
  sourcemap: false,
  dts: { entry: { 'src/index': 'src/index.ts', 'src/plugin': 'src/plugin.ts' } },
  esbuildOptions(options) {
    options.chunkNames = 'chunks/[name]-[hash]';
  },
  // ESM-only packages are bundled, since require() of ES modules is not everywhere.
  noExternal: ['p-limit', 'yocto-queue'],
});
export { config as default };
