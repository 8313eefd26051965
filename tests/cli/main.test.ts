import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COMMON_OPTIONS, NX_PROOF } from '../../src/cli/spec';
import { runCli } from '../support/cli';
import { temporaryFolder } from '../support/folder';

const cwd = process.cwd();
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

describe('--help', () => {
  it('shows the commands, common options and exit codes', async () => {
    const { exitCode, stdout, stderr } = await runCli(['--help'], { cwd });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    for (const { name } of NX_PROOF.commands) expect(stdout).toContain(`\n  ${name} `);
    for (const name of Object.keys(COMMON_OPTIONS)) expect(stdout).toContain(`--${name}`);
    for (const exit of ['0  yes', '1  no', "2  the caller's mistake", '3  the environment']) expect(stdout).toContain(exit);
  });

  it.each(NX_PROOF.commands.map(({ name, options }) => [name, options] as const))('shows usage, every option and examples of %s', async (name, options) => {
    const { exitCode, stdout } = await runCli([...name.split(' '), '--help'], { cwd });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Usage: nx-proof ${name}[^\n]*\\[OPTION…\\]\n`));
    for (const [option, { describe: text }] of Object.entries(options)) {
      expect(stdout).toContain(`--${option}`);
      expect(stdout).toContain(text);
    }
    expect(stdout).toContain('Examples:\n  nx-proof');
  });

  it('is not success without a command: nothing was done', async () => {
    for (const argv of [[], ['key'], ['--plain']]) {
      const { exitCode, stdout, stderr } = await runCli(argv, { cwd });
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
      expect(stderr).toContain('Usage: nx-proof COMMAND');
    }
  });
});

describe('--version', () => {
  it.each([[['--version']], [['verify', '--version']], [['key', 'generate', '--version']]])('of %j is that of the package', async (argv) => {
    expect(await runCli(argv, { cwd })).toMatchObject({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describe('a mistake on the command line', () => {
  it('is told on standard error, with code, exit code and remedy', async () => {
    const { exitCode, stdout, stderr } = await runCli(['verify', '--al'], { cwd });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toBe('[brAInwav] error: there is no option --al here; did you mean --all? (OPTION_INVALID, exit 2)\n[brAInwav] error: Correct the option; --help lists them all.\n');
  });

  it('is the one document of --json', async () => {
    const result = await runCli(['verify', '--json', '--al'], { cwd });
    expect(result.json()).toMatchObject({ outcomes: [], exitCode: 2, error: { code: 'OPTION_INVALID', exitCode: 2, hint: expect.any(String), details: { option: '--al' } } });
    expect(result.stdout).toMatch(/^[^\n]*\n$/);
  });
});

describe('logs', () => {
  it('are JSON lines with --log-format json', async () => {
    const now = () => new Date('2026-01-02T03:04:05Z');
    const { stderr } = await runCli(['key', 'list', '--log-format', 'json'], { cwd: temporaryFolder(), now });
    const [entry] = stderr.trim().split('\n').map((line) => JSON.parse(line) as object);
    expect(entry).toMatchObject({ time: '2026-01-02T03:04:05.000Z', level: 'error', brand: 'brAInwav', component: 'proof-artifacts', code: 'WORKSPACE_NOT_FOUND', exitCode: 2 });
  });

  it('hold the stack of a defect at the level debug alone', async () => {
    const broken = new Proxy<Record<string, string>>({}, { get: (_, name) => { if (name === 'TRACEPARENT') return undefined; throw new RangeError('seeded'); } });
    const defect = (...args: string[]) => runCli(['key', 'generate', ...args], { cwd, env: broken });
    const quiet = await defect();
    expect(quiet).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('seeded (INTERNAL, exit 3)') });
    expect(quiet.stderr).not.toContain('main.test.ts');
    expect((await defect('--log-level', 'debug')).stderr).toContain('main.test.ts');
  });

  it('are painted on a terminal, and not with --plain or NO_COLOR', async () => {
    const red = '\x1b[31merror: \x1b[0m';
    expect((await runCli(['x'], { cwd, tty: true })).stderr).toContain(red);
    expect((await runCli(['x', '--plain'], { cwd, tty: true })).stderr).not.toContain('\x1b');
    expect((await runCli(['x'], { cwd, tty: true, env: { NO_COLOR: '1' } })).stderr).not.toContain('\x1b');
    expect((await runCli(['x'], { cwd, tty: true, env: { TERM: 'dumb' } })).stderr).not.toContain('\x1b');
    expect((await runCli(['x'], { cwd })).stderr).not.toContain('\x1b');
  });

  it('show control characters as escapes', async () => {
    const { stderr } = await runCli(['\x1b[2J\n::error::x'], { cwd });
    expect(stderr).not.toMatch(/\x1b|\n::/);
    expect(stderr).toContain('there is no command');
  });
});

describe('--cwd', () => {
  it('is where the command runs', async () => {
    const folder = temporaryFolder();
    const { exitCode, stderr } = await runCli(['key', 'list', '--cwd', folder], { cwd });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(folder);
    expect(stderr).toContain('WORKSPACE_NOT_FOUND');
  });
});

describe('--concurrency', () => {
  it.each(['0', '-1', '1.5', 'x', '1025', '1e3'])('refuses %s', async (value) => {
    const { exitCode, stderr } = await runCli(['verify', `--concurrency=${value}`], { cwd: temporaryFolder() });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`--concurrency ${JSON.stringify(value)} must be a whole number from 1 to 1024 (OPTION_INVALID, exit 2)`);
  });
});
