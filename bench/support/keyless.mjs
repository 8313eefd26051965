// Compiles what the keyless benchmarks need of src/ and tests/support/, and runs their servers and clients as processes of their own.
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const HERE = path.dirname(fileURLToPath(import.meta.url));
// Below node_modules, so that what is compiled there finds the packages.
const CACHE = path.resolve(HERE, '..', '..', 'node_modules', '.cache');

/** A folder with `server.cjs` and `product.cjs`, and for whatever else a benchmark writes; to be removed. */
export async function compile() {
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(path.join(CACHE, 'nx-proof-bench-'));
  const entryPoints = { server: path.join(HERE, 'keyless-server.ts'), product: path.join(HERE, 'keyless-product.ts') };
  // p-limit and yocto-queue exist as ES modules alone.
  const external = ['@sigstore/*', 'undici', 'lru-cache', 'canonicalize', 'tuf-js', 'sigstore'];
  await build({ entryPoints, outdir: folder, outExtension: { '.js': '.cjs' }, bundle: true, platform: 'node', target: 'node20', format: 'cjs', external, logLevel: 'error' });
  return { folder, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }) };
}

export const productOf = (folder) => createRequire(import.meta.url)(path.join(folder, 'product.cjs'));

/** Starts the servers with a round trip time; the result has what a client needs, and `stop`. */
export async function startServers(folder, options) {
  const child = spawn(process.execPath, [path.join(folder, 'server.cjs'), JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const instance = await new Promise((resolve, reject) => {
    lines.once('line', (line) => resolve(JSON.parse(line)));
    child.once('exit', (code) => reject(new Error(`the servers ended with ${code}`)));
  });
  child.removeAllListeners('exit');
  const stop = () => new Promise((resolve) => child.once('exit', resolve).stdin.end());
  return { instance, stop };
}

/**
 * Runs a client in a process that trusts the servers' certificate from its start, as sigstore's own HTTP client needs it; its last line is the result.
 * `input` is handed to it as a file of JSON.
 */
export async function runClient(script, folder, input, extra = {}) {
  const [ca, file] = [path.join(folder, 'ca.pem'), path.join(folder, 'input.json')];
  await writeFile(ca, input.instance.ca);
  await writeFile(file, JSON.stringify({ ...input, folder }));
  const child = spawn(process.execPath, [script, file], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_EXTRA_CA_CERTS: ca, ...extra } });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`${path.basename(script)} ended with ${code}`);
  return JSON.parse(output.trim().split('\n').at(-1));
}
