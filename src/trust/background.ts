import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { execPath } from 'node:process';
import type { Env } from '../env';

/**
 * What a refresh may know of the environment: where things are, and how to reach the network. Neither tokens nor keys.
 */
const PASSED_ON = /^(PATH|HOME|USERPROFILE|APPDATA|LOCALAPPDATA|XDG_CONFIG_HOME|SYSTEMROOT|TEMP|TMP|TMPDIR|HTTP_PROXY|HTTPS_PROXY|NO_PROXY|NODE_EXTRA_CA_CERTS)$/i;

export interface BackgroundRefresh {
  /** Absolute native paths. */
  readonly workspaceRoot: string;
  readonly policyFile?: string;
}

/**
 * Starts `nx-proof trust refresh --if-stale` as a process of its own and does not wait for it. Within this process it could do both, delay and
 * keep: tuf-js takes 50 to 150 ms to load, and Node.js does not end while a name is being looked up, which takes seconds where the network is
 * cut (docs/decisions/0006-refresh-in-the-background.md).
 */
export function startRefresh({ env }: Pick<Env, 'env'>, { workspaceRoot, policyFile }: BackgroundRefresh, program = findProgram()): void {
  if (program === undefined) return;
  const policy = policyFile === undefined ? [] : ['--policy', policyFile];
  const variables = Object.fromEntries(Object.entries(env).filter(([name]) => PASSED_ON.test(name)));
  const child = spawn(execPath, [program, 'trust', 'refresh', '--if-stale', '--cwd', workspaceRoot, ...policy], {
    cwd: os.tmpdir(),
    detached: true,
    env: variables,
    stdio: 'ignore',
    windowsHide: true,
  });
  // A machine that can start no process refreshes when it must.
  child.on('error', () => undefined);
  child.unref();
}

/** The CLI of this package; undefined where the library was bundled into something else. */
function findProgram(): string | undefined {
  try {
    const manifest = createRequire(__filename).resolve('nx-proof/package.json');
    const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: { 'nx-proof': string } };
    const program = path.join(path.dirname(manifest), bin['nx-proof']);
    return existsSync(program) ? program : undefined;
  } catch {
    return undefined;
  }
}
