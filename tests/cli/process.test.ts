import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundleCli, finished, handOver, isRoot, start, unprivileged, unprivilegedProblem } from '../support/cli-process';
import { BUNDLE, CliWorkspace } from '../support/cli-workspace';

const POSIX = process.platform !== 'win32';
let bundle: Awaited<ReturnType<typeof bundleCli>>;
let cli: CliWorkspace;
beforeAll(async () => {
  bundle = await bundleCli();
});
afterAll(() => bundle.remove());
beforeEach(async () => {
  cli = await CliWorkspace.create([{ name: 'app' }]);
  await cli.prove('app');
});
afterEach(() => cli.remove());

const env = () => ({ ...process.env, XDG_CONFIG_HOME: cli.home, APPDATA: cli.home, CI: '' });
const run = (...argv: string[]) => finished(start(bundle.file, argv, { cwd: cli.root, env: env() }));
const runUnprivileged = (...argv: string[]) => {
  handOver(cli.root);
  handOver(cli.home);
  return finished(start(bundle.file, argv, { cwd: cli.root, env: env(), ...unprivileged }));
};
/** Names of temporary files that were left behind. */
const leftovers = async () => (await readdir(cli.root, { recursive: true })).filter((name) => name.endsWith('.tmp'));

describe('the process nx-proof', () => {
  it('ends with the exit code, with results on standard output', async () => {
    expect(await run('verify', 'apps/app')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('app: PASSED'), stderr: '' });
    await cli.ws.write('apps/app/dist/main.js', 'changed');
    expect(await run('verify', 'apps/app')).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('(SUBJECT_MISMATCH, exit 1)') });
    expect(await run('verify', 'nowhere')).toMatchObject({ exitCode: 2, stdout: '' });
  });

  it.skipIf(!POSIX)('can be called by a link, as npm installs it', async () => {
    const link = path.join(cli.home, 'nx-proof');
    await rm(path.join(cli.home, 'nx-proof'), { recursive: true });
    await chmod(bundle.file, 0o755);
    await symlink(bundle.file, link);
    expect(execFileSync(link, ['--version'], { encoding: 'utf8' })).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('never ends with 0 when it comes to no answer: Node ends a process that waits for what never comes', async () => {
    const preload = path.join(cli.home, 'never.cjs');
    await writeFile(preload, "require('node:fs/promises').lstat = () => new Promise(() => {});");
    const child = start(bundle.file, ['verify', 'apps/app'], { cwd: cli.root, env: { ...env(), NODE_OPTIONS: `--require ${JSON.stringify(preload)}` } });
    expect(await finished(child)).toMatchObject({ exitCode: 3, stdout: '' });
  });

  it('keeps its exit code when nobody reads what it prints', async () => {
    await cli.ws.write('apps/app/dist/main.js', 'changed');
    const child = start(bundle.file, ['verify', 'apps/app'], { cwd: cli.root, env: env() });
    child.stdout?.destroy();
    expect(await finished(child)).toMatchObject({ exitCode: 1, stderr: '' });
  });

  it.skipIf(!POSIX).each(['SIGINT', 'SIGTERM'] as const)('ends in order on %s: exit 3, and no half-written file', async (signal) => {
    await cli.ws.write('apps/app/dist/huge.bin', '');
    await truncate(cli.ws.file('apps/app/dist/huge.bin'), 200 * 1024 ** 3);
    const child = start(bundle.file, ['verify', 'apps/app'], { cwd: cli.root, env: env() });
    const result = finished(child);
    setTimeout(() => child.kill(signal), 2000);
    const { exitCode, stdout } = await result;
    expect(stdout).toContain('(ABORTED, exit 3)');
    expect(exitCode).toBe(3);
    expect(await leftovers()).toEqual([]);
  });
});

describe.skipIf(!POSIX)('what the file system refuses ends with exit 3 (skipped where root alone can run this checkout)', () => {
  beforeEach((context) => {
    const problem = unprivilegedProblem(bundle.file);
    if (problem !== undefined) context.skip(problem);
  });

  it('an artifact that cannot be read', async () => {
    await chmod(cli.ws.file('apps/app/dist/main.js'), 0o000);
    const { exitCode, stdout } = await runUnprivileged('verify', 'apps/app');
    expect(stdout).toMatch(/apps\/app\/dist\/main\.js.*\(IO_ERROR, exit 3\)/);
    expect(exitCode).toBe(3);
  });

  it('a policy that cannot be read', async () => {
    await chmod(cli.ws.file('proof.policy.json'), 0o000);
    expect(await runUnprivileged('verify', 'apps/app')).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(/proof\.policy\.json.*\(IO_ERROR, exit 3\)/) });
  });

  it('a folder of the workspace that cannot be listed', async () => {
    await cli.ws.write('closed/x', '');
    await chmod(cli.ws.file('closed'), 0o000);
    const { exitCode, stderr } = await runUnprivileged('verify', 'apps/app');
    await chmod(cli.ws.file('closed'), 0o700);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(/closed.*\(IO_ERROR, exit 3\)/) });
  });

  it('a folder that cannot be written, for sign and for verify', async () => {
    const before = await cli.ws.read(`apps/app/${BUNDLE}`);
    await rm(cli.ws.file('apps/app/.proof/verify'), { recursive: true, force: true });
    await chmod(cli.ws.file('apps/app/.proof/sign'), 0o555);
    await chmod(cli.ws.file('apps/app/.proof'), 0o555);
    for (const argv of [['verify', 'apps/app'], ['sign', 'app']]) {
      const { exitCode, stdout } = await runUnprivileged(...argv);
      expect(stdout).toContain('(IO_ERROR, exit 3)');
      expect(exitCode).toBe(3);
    }
    await chmod(cli.ws.file('apps/app/.proof'), 0o755);
    await chmod(cli.ws.file('apps/app/.proof/sign'), 0o755);
    expect(await cli.ws.read(`apps/app/${BUNDLE}`)).toBe(before);
  });
});

/** Puts a disk of 16 KiB at the folder and fills it; tells why when it cannot. */
function mountFull(folder: string): string | undefined {
  if (process.platform !== 'linux' || !isRoot) return 'mounting needs Linux and root';
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', folder], { encoding: 'utf8' });
  if (status !== 0) return `mount: ${stderr}`;
  spawnSync('dd', ['if=/dev/zero', `of=${path.join(folder, 'filler')}`, 'bs=1k', 'count=64'], { stdio: 'ignore' });
  return undefined;
}

describe.skipIf(!POSIX)('a full disk ends with exit 3', () => {
  it('when the device has no space left (ENOSPC; skipped where nothing can be mounted)', async (context) => {
    const disk = cli.ws.file('apps/app/.proof/sign');
    const problem = mountFull(disk);
    if (problem !== undefined) context.skip(problem);
    try {
      const { exitCode, stdout } = await run('sign', 'app');
      expect(stdout).toMatch(/ENOSPC.*\(IO_ERROR, exit 3\)/);
      expect(exitCode).toBe(3);
      expect(await readdir(disk)).toEqual(['filler']);
    } finally {
      spawnSync('umount', [disk]);
    }
  });

  it.skipIf(!existsSync('/bin/bash'))('when files may not become larger (EFBIG, by ulimit), and leaves the old file', async () => {
    const before = await cli.ws.read(`apps/app/${BUNDLE}`);
    const child = spawn('/bin/bash', ['-c', 'ulimit -f 1; exec "$0" "$@"', process.execPath, bundle.file, 'sign', 'app'], { cwd: cli.root, env: env() });
    const { exitCode, stdout } = await finished(child);
    expect(stdout).toMatch(/EFBIG.*\(IO_ERROR, exit 3\)/);
    expect(exitCode).toBe(3);
    expect(await cli.ws.read(`apps/app/${BUNDLE}`)).toBe(before);
    expect(await leftovers()).toEqual([]);
  });
});
