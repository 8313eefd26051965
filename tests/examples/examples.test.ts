import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bundleCli, finished } from '../support/cli-process';
import { CliWorkspace } from '../support/cli-workspace';
import { writeFiles } from '../support/folder';
import { TrustSite } from '../support/tuf/site';

const example = (name: string): string => path.resolve('examples', name);

let cli: Awaited<ReturnType<typeof bundleCli>>;
const closers: (() => unknown)[] = [];
beforeAll(async () => void (cli = await bundleCli()));
afterAll(() => {
  cli.remove();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** The CLI as a process of its own, with a module loaded before it. */
function startWith(module: string, argv: readonly string[], options: { cwd: string; env: Record<string, string> }): ChildProcess {
  const env = { PATH: process.env['PATH'], SystemRoot: process.env['SystemRoot'], ...options.env };
  return spawn(process.execPath, ['--import', pathToFileURL(module).href, cli.file, ...argv], { cwd: options.cwd, env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
}

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A port that nothing listens on. */
async function freePort(): Promise<string> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

describe('the service', () => {
  it('says when it is ready, is measured by prometheus.mjs, and ends in order', async () => {
    const site = await TrustSite.open();
    closers.push(() => site.close());
    const policy = { version: 1, trust: { root: { tuf: { mirror: site.mirror.url, rootFile: 'root.json' } }, endpoints: [site.mirror.url] }, rules: [] };
    await writeFiles(site.workspace, { 'nx.json': '{}', 'proof.policy.json': JSON.stringify(policy), 'root.json': site.repository.anchor });
    const port = await freePort();
    const env = { XDG_CONFIG_HOME: site.home, APPDATA: site.home, PROOF_METRICS_PORT: port };
    const service = startWith(example('telemetry/prometheus.mjs'), ['trust', 'refresh', '--watch', '--log-format', 'json'], { cwd: site.workspace, env });
    closers.push(() => service.kill('SIGKILL'));
    const result = finished(service);
    expect(await Promise.race([once(service, 'message').then(([message]) => message as unknown), result])).toBe('ready');
    const scraped = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(scraped).toMatch(/^proof_artifacts_cache_refresh_count(_total)?(\{[^}]*\})? 1\b/m);
    if (process.platform === 'win32') return;
    service.kill('SIGTERM');
    const { exitCode, stderr } = await result;
    expect(exitCode, stderr).toBe(0);
    const lines = stderr.trim().split('\n').map((line) => JSON.parse(line) as Record<string, string>);
    expect(lines.map(({ message }) => message)).toEqual(['ready', 'stopped']);
    expect(lines[0]).toMatchObject({ brand: 'brAInwav', component: 'proof-artifacts', level: 'info', trace_id: expect.stringMatching(/^[0-9a-f]{32}$/), correlation_id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(lines[1]).toMatchObject({ trace_id: lines[0]?.['trace_id'], correlation_id: lines[0]?.['correlation_id'] });
  });

  it('is started by PM2 with a program that is there', async () => {
    const { bin } = JSON.parse(await readFile('package.json', 'utf8')) as { bin: Record<string, string> };
    expect(await readFile(example('service/ecosystem.config.cjs'), 'utf8')).toContain(`'${(bin['nx-proof'] ?? '').replace('./', '')}'`);
  });
});

describe('forward-signed.mjs', () => {
  async function signing(url: (base: string) => string): Promise<{ exitCode: number | null; stderr: string; bodies: { type: string | undefined; body: Record<string, unknown> }[] }> {
    const workspace = await CliWorkspace.create();
    closers.push(() => workspace.remove());
    await workspace.ws.create('app');
    const bodies: { type: string | undefined; body: Record<string, unknown> }[] = [];
    const base = await listening(
      createServer((request, response) => {
        let text = '';
        request.on('data', (chunk: Buffer) => (text += chunk.toString()));
        request.on('end', () => {
          bodies.push({ type: request.headers['content-type'], body: JSON.parse(text) as Record<string, unknown> });
          response.writeHead(request.url === '/proofs' ? 202 : 500, { connection: 'close' }).end();
        });
      }),
    );
    const env = { XDG_CONFIG_HOME: workspace.home, APPDATA: workspace.home, PROOF_EVENTS_URL: url(base) };
    return { ...(await finished(startWith(example('telemetry/forward-signed.mjs'), ['sign', 'app'], { cwd: workspace.root, env }))), bodies };
  }

  it('sends each signed proof as a CloudEvent', async () => {
    const { exitCode, bodies, stderr } = await signing((base) => `${base}/proofs`);
    expect(exitCode, stderr).toBe(0);
    expect(bodies).toEqual([
      {
        type: 'application/cloudevents+json',
        body: expect.objectContaining({ specversion: '1.0', data: expect.objectContaining({ project: 'app', bundle: 'apps/app/.proof/sign/bundle.sigstore.json' }) as unknown }),
      },
    ]);
  });

  it('tells when the bus refuses, and fails nothing', async () => {
    const { exitCode, stderr } = await signing((base) => `${base}/elsewhere`);
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain('app was not reported: HTTP 500');
  });
});
