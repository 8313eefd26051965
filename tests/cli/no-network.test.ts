import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleCli, finished, type ProcessResult } from '../support/cli-process';
import { CliWorkspace } from '../support/cli-workspace';

/** Ends the process at the first attempt to reach anybody. */
const GUARD = `import dgram from 'node:dgram';
import dns from 'node:dns';
import net from 'node:net';
const refuse = (what) => () => { process.stderr.write('reached out: ' + what + '\\n'); process.exit(99); };
net.Socket.prototype.connect = refuse('connect');
dgram.createSocket = refuse('dgram');
for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6']) { dns[name] = refuse(name); dns.promises[name] = refuse(name); }
`;

let cli: Awaited<ReturnType<typeof bundleCli>>;
let workspace: CliWorkspace;
let guard: string;
beforeAll(async () => {
  cli = await bundleCli();
  workspace = await CliWorkspace.create();
  await workspace.ws.create('app');
  guard = path.join(workspace.home, 'guard.mjs');
  await writeFile(guard, GUARD);
});
afterAll(async () => {
  cli.remove();
  await workspace.remove();
});

function guarded(...argv: string[]): Promise<ProcessResult> {
  const env = { PATH: process.env['PATH'], SystemRoot: process.env['SystemRoot'], XDG_CONFIG_HOME: workspace.home, APPDATA: workspace.home };
  return finished(spawn(process.execPath, ['--import', pathToFileURL(guard).href, cli.file, ...argv], { cwd: workspace.root, env, stdio: ['ignore', 'pipe', 'pipe'] }));
}

describe('with keys nobody is contacted', () => {
  it.each(['sign app', 'verify apps/app', 'verify --all --offline', 'key list', 'trust status', 'trust audit --verify'])('by %s', async (line) => {
    const { exitCode, stderr } = await guarded(...line.split(' '));
    expect(exitCode, stderr).toBe(0);
  });

  it('as a guard finds that sees a refresh', async () => {
    expect(await guarded('trust', 'refresh')).toMatchObject({ exitCode: 99, stderr: expect.stringContaining('reached out') });
  });
});
