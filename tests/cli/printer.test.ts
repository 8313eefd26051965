import { describe, expect, it } from 'vitest';
import { Printer, type PrinterOptions } from '../../src/cli/printer';
import { Progress, withProgress } from '../../src/cli/progress';
import type { Session } from '../../src/commands/session';

const OPTIONS: PrinterOptions = { json: false, plain: false, logLevel: 'info', logFormat: 'text' };

function make(options: Partial<PrinterOptions> = {}, tty = false, env: Record<string, string> = {}) {
  const written = { stdout: '', stderr: '' };
  let time = 0;
  const sink = (name: keyof typeof written) => ({ isTTY: tty, columns: 40, write: (text: string) => (written[name] += text) });
  const host = { stdout: sink('stdout'), stderr: sink('stderr'), env, cwd: '/', now: () => new Date((time += 60)), signal: new AbortController().signal };
  return { host, written, printer: new Printer(host, { ...OPTIONS, ...options }) };
}

describe('Printer', () => {
  it('prints lines to standard output, and nothing but the document with --json', () => {
    const text = make();
    text.printer.status('done');
    text.printer.document({ a: 1 });
    expect(text.written).toEqual({ stdout: '[brAInwav] done\n', stderr: '' });
    const json = make({ json: true });
    json.printer.status('done');
    json.printer.document({ a: 1 });
    expect(json.written).toEqual({ stdout: '{"a":1}\n', stderr: '' });
  });

  it('shows control characters of names as escapes', () => {
    const { printer, written } = make();
    printer.lines(['[brAInwav] app: \x1b[2Jdist/\u202ecod.js\r\n::stop']);
    expect(written.stdout).toBe('[brAInwav] app: \\x1b[2Jdist/\\xe2\\x80\\xaecod.js\\x0d\\x0a::stop\n');
  });

  it('shows control characters of logs as escapes too', () => {
    const { printer, written } = make();
    printer.log('warn', 'a\x1b[2J\n::stop');
    expect(written.stderr).toBe('[brAInwav] warning: a\\x1b[2J\\x0a::stop\n');
  });

  it('paints the word that says how it went, on a terminal alone', () => {
    const lines = ['[brAInwav] app: PASSED; 2 files', '[brAInwav] a: b: FAILED; x', '  passed    bundle', '  failed    subjects  (X, exit 1)', '  asserted  builder', '  unchecked source', '     a hint that failed is about'];
    const { printer, written } = make({}, true);
    printer.lines(lines);
    expect(written.stdout.split('\n')).toEqual([
      '[brAInwav] app: \x1b[32mPASSED\x1b[0m; 2 files',
      '[brAInwav] a: b: \x1b[31mFAILED\x1b[0m; x',
      '  \x1b[32mpassed\x1b[0m    bundle',
      '  \x1b[31mfailed\x1b[0m    subjects  (X, exit 1)',
      '  \x1b[33masserted\x1b[0m  builder',
      '  \x1b[2munchecked\x1b[0m source',
      '     a hint that failed is about',
      '',
    ]);
    const plain = make();
    plain.printer.lines(lines);
    expect(plain.written.stdout).toBe(`${lines.join('\n')}\n`);
  });

  it('logs what the level lets through', () => {
    const { printer, written } = make({ logLevel: 'warn' });
    printer.log('info', 'i');
    printer.log('debug', 'd');
    printer.log('warn', 'w');
    printer.log('error', 'e');
    expect(written).toEqual({ stdout: '', stderr: '[brAInwav] warning: w\n[brAInwav] error: e\n' });
    const all = make({ logLevel: 'debug' });
    all.printer.log('info', 'i');
    all.printer.log('debug', 'd');
    expect(all.written.stderr).toBe('[brAInwav] i\n[brAInwav] debug: d\n');
  });
});

describe('Progress', () => {
  async function* digests() {
    for (let i = 0; i < 5; i += 1) yield { path: `f${i}`, size: 1500, sha256: '' };
  }
  const session = { hasher: { hash: () => digests(), close: () => Promise.resolve() } } as unknown as Session;

  it('redraws one line with throughput on a terminal, and takes it away', async () => {
    const { host, written, printer } = make({}, true);
    const watched = withProgress(session, host, printer);
    const paths: string[] = [];
    for await (const { path } of watched.session.hasher.hash('/', [], { signal: host.signal })) paths.push(path);
    expect(paths).toHaveLength(5);
    expect(written.stderr).toContain('\r\x1b[K');
    expect(written.stderr).toMatch(/\d files, [\d.]+ kB, [\d.]+ kB\/s/);
    watched.clear();
    expect(written.stderr.endsWith('\r\x1b[K')).toBe(true);
    const { length } = written.stderr;
    watched.clear();
    expect(written.stderr).toHaveLength(length);
    await watched.session.hasher.close();
  });

  it('cuts the line at the width of the terminal', () => {
    const { host, written } = make({}, true);
    const progress = new Progress({ ...host, stderr: { ...host.stderr, columns: 12 } });
    progress.add(1e9);
    progress.add(1e9);
    expect(Math.max(...written.stderr.split('\r\x1b[K').map((line) => line.length))).toBeLessThan(12);
    const unknown = make({}, true);
    const wide = new Progress({ ...unknown.host, stderr: { isTTY: true, write: unknown.host.stderr.write } });
    for (let i = 0; i < 4; i += 1) wide.add(1);
    expect(unknown.written.stderr).toContain('files');
  });

  it.each([
    ['no terminal', {}, false, {}],
    ['--plain', { plain: true }, true, {}],
    ['--json', { json: true }, true, {}],
    ['JSON logs', { logFormat: 'json' as const }, true, {}],
    ['a dumb terminal', {}, true, { TERM: 'dumb' }],
  ])('draws nothing with %s', (_, options, tty, env) => {
    const { host, printer, written } = make(options, tty, env);
    const watched = withProgress(session, host, printer);
    expect(watched.session).toBe(session);
    watched.clear();
    expect(written.stderr).toBe('');
  });
});
