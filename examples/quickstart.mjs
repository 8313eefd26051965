// The example workspace from beginning to end, in a copy that is thrown away: install, build, prove, sign, verify, tamper, repair.
// Needs Node.js, npm and git. Touches neither the checkout (except dist, when the plugin is not built yet) nor the home folder.
import { cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Terminal } from './support/terminal.mjs';
import { isolatedEnv, npmEntry, PNPM, REPOSITORY } from './support/tools.mjs';

const TIME_LIMIT_MS = 5 * 60_000;
const ARTIFACT = 'apps/shop/dist/receipt.js';
/** Ignored by git. */
const GRAPH = '.nx/graph.json';
const PROJECTS = ['shop', '@example/cart', '@example/money'];

const scratch = await realpath(await mkdtemp(path.join(os.tmpdir(), 'nx-proof-quickstart-')));
const workspace = path.join(scratch, 'workspace');
const env = {
  ...isolatedEnv(path.join(scratch, 'home')),
  ...(process.env.CI === undefined ? {} : { CI: process.env.CI }),
  NX_CACHE_DIRECTORY: path.join(scratch, 'nx', 'cache'),
  NX_WORKSPACE_DATA_DIRECTORY: path.join(scratch, 'nx', 'workspace-data'),
};
const terminal = new Terminal({ cwd: workspace, env, timeLimitMs: TIME_LIMIT_MS });

const npm = (...args) => terminal.run('npm', [process.execPath, npmEntry()], args, { cwd: REPOSITORY, env: process.env, isQuiet: true });
// Rarely pnpm stands still for good, with nothing to wait for (see pnpm/pnpm#13617).
const pnpm = (...args) => terminal.run('pnpm', [process.execPath, PNPM], args, { isQuiet: true, limitMs: 60_000 });
const nx = (...args) => terminal.run('pnpm nx', [process.execPath, PNPM, 'nx'], args);
const nxProof = (...args) => terminal.run('pnpm nx-proof', [process.execPath, PNPM, 'nx-proof'], args);
const verifyAlone = (...args) => nxProof('verify', ...args, '--graph', GRAPH);
const git = (...args) => terminal.run('git', ['git', '-c', 'user.name=Example', '-c', 'user.email=example@example.com', '-c', 'commit.gpgsign=false'], args);
const inWorkspace = (relative) => path.join(workspace, ...relative.split('/'));

async function packPlugin() {
  terminal.step('Build the plugin and pack it');
  terminal.succeeded(await npm('run', 'build', '--silent'), 'the plugin builds');
  const packed = await npm('pack', '--ignore-scripts', '--silent', '--pack-destination', scratch);
  terminal.succeeded(packed, 'the plugin packs');
  return path.join('..', packed.stdout.trim().split(/\r?\n/).at(-1) ?? '');
}

async function installExample(tarball) {
  terminal.step('Copy the example workspace and install Nx, TypeScript and the packed plugin');
  await cp(path.join(REPOSITORY, 'examples', 'workspace'), workspace, { recursive: true, filter: (file) => !/[\\/](node_modules|dist|\.nx|\.proof)$/.test(file) });
  await git('init', '--quiet');
  await git('remote', 'add', 'origin', 'https://github.com/example/shop.git');
  terminal.succeeded(await pnpm('install'), 'the workspace installs');
  terminal.succeeded(await pnpm('add', '--save-dev', '--workspace-root', tarball), 'and nx-proof with it');
}

async function trustKey() {
  terminal.step('Make a signing key and trust it: no network, no account');
  terminal.succeeded(await nxProof('key', 'generate'), 'a key is made');
  const publicKey = path.join(process.platform === 'win32' ? env.APPDATA : env.XDG_CONFIG_HOME, 'nx-proof', 'signing.pub.pem');
  terminal.succeeded(await nxProof('key', 'trust', publicKey), 'the policy trusts the key');
  await verifyDependencies();
  await git('add', '--all');
  terminal.succeeded(await git('commit', '--quiet', '--message', 'Trust the signing key'), 'everything is committed: a proof names its commit');
}

/** What a person would do in an editor: a project is right only if those that it depends on are. */
async function verifyDependencies() {
  const file = inWorkspace('proof.policy.json');
  const policy = JSON.parse(await readFile(file, 'utf8'));
  for (const rule of policy.rules) rule.dependencies = 'verified';
  await writeFile(file, `${JSON.stringify(policy, null, 2)}\n`);
  console.log('\n  proof.policy.json, with "dependencies": "verified" added:\n');
  terminal.print(await readFile(file, 'utf8'));
}

async function prove() {
  terminal.step('Build, prove and sign: Nx tasks like any other');
  terminal.succeeded(await nx('run-many', '-t', 'build'), 'the projects build');
  terminal.succeeded(await nx('run-many', '-t', 'proof-create'), 'their proofs are made');
  terminal.succeeded(await nx('run-many', '-t', 'proof-sign'), 'and signed');
  for (const folder of ['apps/shop', 'packages/cart', 'packages/cart/money']) {
    const bundle = JSON.parse(await readFile(inWorkspace(`${folder}/.proof/sign/bundle.sigstore.json`), 'utf8'));
    terminal.check(bundle.dsseEnvelope?.signatures?.length === 1, `${folder}/.proof/sign/bundle.sigstore.json is a signed bundle`);
  }
  terminal.succeeded(await nx('graph', `--file=${GRAPH}`), 'the project graph is written, for verifying without Nx');
}

async function verify(step) {
  terminal.step(step);
  terminal.succeeded(await nx('run-many', '-t', 'proof-verify'), 'Nx verifies all projects');
  const all = await verifyAlone('--all');
  terminal.succeeded(all, 'nx-proof verifies all projects without Nx');
  terminal.check(PROJECTS.every((name) => all.stdout.includes(name)), 'and names each of them');
}

async function tamper() {
  terminal.step(`Change one byte of ${ARTIFACT}`);
  const original = await readFile(inWorkspace(ARTIFACT));
  const changed = Buffer.from(original);
  changed[0] ^= 1;
  await writeFile(inWorkspace(ARTIFACT), changed);
  terminal.refused(await verifyAlone('--all'), ARTIFACT, 'nx-proof refuses it, with exit code 1');
  terminal.refused(await nx('run', 'shop:proof-verify', '--excludeTaskDependencies'), ARTIFACT, 'the Nx task fails');
  terminal.step('Put the byte back');
  await writeFile(inWorkspace(ARTIFACT), original);
  terminal.succeeded(await verifyAlone('apps/shop'), 'the proof holds again');
}

async function addFile() {
  const extra = 'packages/cart/money/dist/node_modules/.hidden.js';
  terminal.step(`Add ${extra}: nothing in an artifact folder is skipped`);
  await mkdir(path.dirname(inWorkspace(extra)));
  await writeFile(inWorkspace(extra), 'export {};\n');
  terminal.refused(await verifyAlone('apps/shop'), '@example/money', 'shop is refused because of the library that it depends on');
  terminal.refused(await verifyAlone('packages/cart/money'), extra, 'and the library because of the file');
  await rm(path.dirname(inWorkspace(extra)), { recursive: true });
}

try {
  await installExample(await packPlugin());
  await trustKey();
  await prove();
  await verify('Verify: by Nx, and without Nx');
  await tamper();
  await addFile();
  await verify('Verify again');
} catch (error) {
  terminal.check(false, error instanceof Error ? error.message : String(error));
} finally {
  await rm(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
process.exitCode = await terminal.summary();
