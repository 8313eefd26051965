import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { isolatedEnv, npmEntry, REPOSITORY } from '../examples/support/tools.mjs';
import { mustRun, runNode, type RunResult } from './support/process';
import { serveRegistry, type Registry } from './support/registry';
import { DemoWorkspace } from './support/workspace';

let workspace: DemoWorkspace;
let registry: Registry;

beforeAll(async () => {
  workspace = await DemoWorkspace.create({ pm: 'npm', nx: '24.0.6' });
  const manifest = JSON.parse(await readFile(path.join(REPOSITORY, 'package.json'), 'utf8')) as { name: string; version: string };
  const config = await mustRun(runNode(npmEntry(), ['config', 'get', 'registry'], { cwd: workspace.root, env: isolatedEnv(workspace.home) }), 'npm config');
  registry = await serveRegistry(inject('tarball'), manifest, config.stdout.trim());
});
afterAll(async () => {
  await registry.close();
  await workspace.remove();
});

async function ok(result: Promise<RunResult>): Promise<RunResult> {
  const done = await result;
  expect(done.code, done.output).toBe(0);
  return done;
}

it('nx add nx-proof, and the rest of the README from there', async () => {
  const env = { npm_config_registry: registry.url };
  const npm = (...args: string[]): Promise<RunResult> => ok(runNode(npmEntry(), args, { cwd: workspace.root, env: workspace.env(env) }));
  await npm('uninstall', 'nx-proof');
  await workspace.commit('without nx-proof');
  expect(await workspace.exists('node_modules/nx-proof')).toBe(false);

  const added = await ok(workspace.nx(['add', 'nx-proof'], { env }));
  expect(added.output).toContain('CREATE proof.policy.json');
  expect(added.output).toMatch(/\[brAInwav\] made a signing key of your own, .*signing\.key\.pem \(fingerprint [0-9a-f]{64}\)/);
  expect(await workspace.read('package.json')).toContain('"nx-proof"');

  const scaffolded = await ok(workspace.nx(['g', 'nx-proof:targets', 'app', '--no-interactive']));
  expect(scaffolded.output).toContain('CREATE apps/app/proof.json');
  const verified = await ok(workspace.nx(['run', 'app:proof-verify']));
  expect(verified.output).toContain('[brAInwav] app: PASSED; 7 files');
  await workspace.write('apps/app/dist/main.js', `${await workspace.read('apps/app/dist/main.js')} `);
  const refused = await workspace.cli(['verify', 'apps/app']);
  expect(refused.code).toBe(1);
  expect(refused.output).toContain('not as proved: apps/app/dist/main.js (SUBJECT_MISMATCH, exit 1)');
  expect(refused.output).toContain('[brAInwav] 0 projects verified, 1 refused, 0 could not be verified (exit 1)');
});
