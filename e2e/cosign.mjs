// Proofs that nx-proof signs, verified by cosign: makes a workspace in a temporary folder, creates and signs its proof with the built nx-proof, once
// with each kind of key, and lets "cosign verify-blob-attestation" judge every file. Needs Node.js, git and Go, by which the pinned cosign is
// built (COSIGN=FILE names one that is there already). Touches neither the checkout (except dist, when it is not built yet) nor the home folder.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const COSIGN_VERSION = 'v3.1.3';
const REPOSITORY = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const CLI = path.join(REPOSITORY, 'dist', 'src', 'cli', 'nx-proof.js');
const KEY_TYPES = ['ecdsa-p256', 'ed25519'];
const FILES = { 'main.js': 'exports.ok = true;\n', '[id].js': '// brackets\n', '(group)/page.js': '// parentheses\n', 'größe.txt': 'unicode\n', '.well-known/dot.txt': 'dots\n' };
const BUNDLE = 'apps/app/.proof/sign/bundle.sigstore.json';

const scratch = await realpath(await mkdtemp(path.join(os.tmpdir(), 'nx-proof-cosign-')));
const workspace = path.join(scratch, 'workspace');
let checked = 0;
let failed = 0;

/** Nothing of the user's: no CI, keys, Nx settings or home folder. */
function isolated() {
  const home = path.join(scratch, 'home');
  const kept = Object.entries(process.env).filter(([name]) => !/^(CI|NX_.*|GIT_.*|GITHUB_.*|GITLAB_.*|CI_.*)$/i.test(name));
  const folders = { HOME: home, USERPROFILE: home, XDG_CONFIG_HOME: path.join(home, '.config'), APPDATA: path.join(home, 'AppData') };
  return { ...Object.fromEntries(kept), ...folders, NX_DAEMON: 'false', NO_COLOR: '1', GIT_CONFIG_GLOBAL: os.devNull };
}

function run(program, args, options = {}) {
  const { status, error, stdout, stderr } = spawnSync(program, args, { cwd: workspace, env: isolated(), encoding: 'utf8', ...options });
  return { status: error === undefined ? status : 127, output: `${stdout ?? ''}${stderr ?? ''}${error === undefined ? '' : error.message}`.trim() };
}

function must(what, { status, output }) {
  if (status === 0) return;
  throw new Error(`${what} failed (exit ${status})\n${output}`);
}

function check(what, isRight, output) {
  checked += 1;
  if (!isRight) failed += 1;
  console.log(`  ${isRight ? 'ok  ' : 'FAIL'} ${what}${isRight ? '' : `\n${output}`}`);
}

/** The cosign to use, built if none was named; undefined without Go. */
function cosign() {
  if (process.env.COSIGN !== undefined && process.env.COSIGN !== '') return path.resolve(process.env.COSIGN);
  const { status, stdout } = spawnSync('go', ['version'], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  console.log(`Building cosign ${COSIGN_VERSION} with ${stdout.trim()}; the first time takes minutes`);
  const folder = path.join(scratch, 'bin');
  execFileSync('go', ['install', `github.com/sigstore/cosign/v3/cmd/cosign@${COSIGN_VERSION}`], { env: { ...process.env, GOBIN: folder }, stdio: 'inherit' });
  return path.join(folder, process.platform === 'win32' ? 'cosign.exe' : 'cosign');
}

async function makeWorkspace() {
  const build = { executor: 'nx:noop', outputs: ['{projectRoot}/dist'] };
  const files = {
    'nx.json': '{ "analytics": false }\n',
    'package.json': '{ "name": "cosign-demo", "private": true }\n',
    '.gitignore': 'node_modules\ndist\n.nx\n.proof\n',
    'apps/app/project.json': JSON.stringify({ name: 'app', targets: { build, 'proof-create': { executor: 'nx-proof:create' } } }),
    ...Object.fromEntries(Object.entries(FILES).map(([name, content]) => [`apps/app/dist/${name}`, content])),
  };
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(workspace, ...name.split('/'));
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  // Nx itself is this checkout's.
  await symlink(path.join(REPOSITORY, 'node_modules'), path.join(workspace, 'node_modules'), 'junction');
  const git = (...args) => must(`git ${args[0]}`, run('git', ['-c', 'user.name=Example', '-c', 'user.email=example@example.com', '-c', 'commit.gpgsign=false', ...args]));
  git('init', '--quiet');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'all');
}

const nxProof = (...args) => run(process.execPath, [CLI, ...args]);

function judge(program, key, bundle, file) {
  const { status, output } = run(program, ['verify-blob-attestation', '--key', key, '--bundle', bundle, '--type', 'slsaprovenance1', '--insecure-ignore-tlog=true', file]);
  return { isAccepted: status === 0, output };
}

async function checkKeyType(program, type, otherKey) {
  console.log(`\n${type}`);
  const [privateKey, publicKey] = [`${type}.key.pem`, `${type}.pub.pem`];
  must('nx-proof create', nxProof('create', 'app'));
  must('nx-proof sign', nxProof('sign', 'app', '--key', privateKey));
  const own = nxProof('verify', 'apps/app', '--key', publicKey);
  check('nx-proof verifies its proof', own.status === 0, own.output);
  const { mediaType } = JSON.parse(await readFile(path.join(workspace, BUNDLE), 'utf8'));
  check(`the bundle is a ${mediaType}`, mediaType === 'application/vnd.dev.sigstore.bundle.v0.3+json', mediaType);
  for (const name of Object.keys(FILES)) {
    const verdict = judge(program, publicKey, BUNDLE, path.join('apps', 'app', 'dist', ...name.split('/')));
    check(`cosign accepts ${name}`, verdict.isAccepted, verdict.output);
  }
  await writeFile(path.join(workspace, 'edited.js'), 'exports.ok = false;\n');
  const edited = judge(program, publicKey, BUNDLE, 'edited.js');
  check('cosign refuses an edited file', !edited.isAccepted, edited.output);
  const other = judge(program, otherKey, BUNDLE, path.join('apps', 'app', 'dist', 'main.js'));
  check('cosign refuses another key', !other.isAccepted, other.output);
}

async function main() {
  const program = cosign();
  if (program === undefined) {
    console.error('Go was not found in PATH, and it is needed to build cosign: install it from https://go.dev/dl/ and run "npm run e2e:cosign" again,');
    console.error('or name a cosign that is installed: COSIGN=/path/to/cosign npm run e2e:cosign');
    return 1;
  }
  if (!existsSync(CLI)) execFileSync(process.execPath, [process.env.npm_execpath ?? 'npm', 'run', 'build'], { cwd: REPOSITORY, stdio: 'inherit' });
  await makeWorkspace();
  for (const type of KEY_TYPES) must('nx-proof key generate', nxProof('key', 'generate', '--type', type, '--out', path.join(workspace, `${type}.key.pem`)));
  for (const [index, type] of KEY_TYPES.entries()) await checkKeyType(program, type, `${KEY_TYPES[1 - index]}.pub.pem`);
  console.log(`\n${checked - failed} of ${checked} checks passed`);
  return failed === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await rm(scratch, { recursive: true, force: true });
}
