import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleCli } from '../support/cli-process';
import { CliWorkspace } from '../support/cli-workspace';

/** Writes the packages that a process loads, and the programs that it runs, when it ends. */
const RECORDER = `
const { writeFileSync } = require('node:fs');
const Module = require('node:module');
const { ChildProcess } = require('node:child_process');
const seen = { packages: new Set(), programs: [] };
const load = Module._load;
Module._load = function (request, ...rest) {
  if (!/^[./]|^node:/.test(request) && !Module.isBuiltin(request)) seen.packages.add(request);
  return load.call(this, request, ...rest);
};
const spawn = ChildProcess.prototype.spawn;
ChildProcess.prototype.spawn = function (options) {
  seen.programs.push(options.args);
  return spawn.call(this, options);
};
process.on('exit', () => writeFileSync(process.env.RECORD_TO, JSON.stringify({ packages: [...seen.packages].sort(), programs: seen.programs })));
`;

interface Recorded {
  readonly packages: readonly string[];
  /** With its arguments each. */
  readonly programs: readonly (readonly string[])[];
}

let cli: CliWorkspace;
let bundle: Awaited<ReturnType<typeof bundleCli>>;
let scratch: string;

beforeAll(async () => {
  [cli, bundle, scratch] = [await CliWorkspace.create(), await bundleCli(), await realpath(await mkdtemp(path.join(os.tmpdir(), 'nx-proof-startup-')))];
  await cli.prove('app');
  cli.ws.commit();
  writeFileSync(path.join(scratch, 'recorder.cjs'), RECORDER);
});
afterAll(async () => {
  bundle.remove();
  await cli.remove();
  await rm(scratch, { recursive: true });
});

/** What a process of the CLI loads and runs. */
async function recorded(...argv: string[]): Promise<Recorded> {
  const record = path.join(scratch, 'record.json');
  const env = { ...process.env, CI: '', XDG_CONFIG_HOME: cli.home, APPDATA: cli.home, RECORD_TO: record };
  const { status, stderr } = spawnSync(process.execPath, ['--require', path.join(scratch, 'recorder.cjs'), bundle.file, ...argv], { cwd: cli.root, env, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return JSON.parse(await readFile(record, 'utf8')) as Recorded;
}

describe('the start of a process', () => {
  it('when one proof by a key is verified, loads nothing that reads certificates, expands globs or knows the network, and asks git once', async () => {
    const { packages, programs } = await recorded('verify', 'apps/app');
    expect(packages).toEqual(['canonicalize', 'ignore', 'picomatch', 'ulid']);
    expect(programs).toEqual([expect.arrayContaining(['git', 'ls-files'])]);
  });

  it('when only the version is asked for, loads no package and runs nothing', async () => {
    expect(await recorded('--version')).toEqual({ packages: [], programs: [] });
  });
});
