import path from 'node:path';
import { policyIfAny, trustAudit, trustClear, trustImport, trustRefresh, trustStatus, trustWatch, type TrustOptions, type TrustStatus } from '../commands/trust';
import { findWorkspaceRoot } from '../commands/workspace';
import { EXIT, ProofError, type ExitCode } from '../errors';
import { count } from '../model/report';
import { fileOption, textOption, type CommandContext } from './context';
import { invalid } from './parse';

type TrustRoot = Awaited<ReturnType<typeof trustRefresh>>;

interface Place {
  readonly root: string;
  readonly options: TrustOptions;
}

async function placeOf(context: CommandContext): Promise<Place> {
  const root = await findWorkspaceRoot(context.env.cwd);
  const policy = await policyIfAny(context.env, root, fileOption(context, 'policy'));
  return { root, options: policy === undefined ? {} : { policy } };
}

/** `nx-proof trust status`: opens no connection. */
export async function runTrustStatus(context: CommandContext): Promise<ExitCode> {
  const { root, options } = await placeOf(context);
  const status = await trustStatus(context.env, root, options);
  context.printer.status(`trust root: ${status.source === 'file' ? `pinned as ${status.origin}` : `TUF repository ${status.origin}`}`);
  context.printer.lines(statusLines(status));
  context.printer.document({ trust: status, exitCode: EXIT.ok });
  return EXIT.ok;
}

function statusLines({ cache, seed }: TrustStatus): string[] {
  const lines: string[] = [];
  if (cache !== undefined) lines.push(`  cache: ${cache.state}${cache.reason === undefined ? '' : `; ${cache.reason}`}${cache.file === undefined ? '' : `; ${cache.file}`}`);
  if (cache?.entry !== undefined) {
    const { sha256, fetchedAt, freshUntil, usableUntil, versions } = cache.entry;
    lines.push(`  fetched ${fetchedAt.toISOString()}, fresh until ${freshUntil.toISOString()}, usable until ${usableUntil.toISOString()}`);
    lines.push(`  sha256 ${sha256}; versions: ${Object.entries(versions).map(([role, version]) => `${role} ${version}`).join(', ')}`);
  }
  if (cache !== undefined && cache.setAside > 0) lines.push(`  ${count(cache.setAside, 'damaged file')} kept aside`);
  if (seed !== undefined) lines.push(`  for --offline and allowSeed: ${seed.name}, issued about ${seed.issued.toISOString().slice(0, 10)}`);
  return lines;
}

/** `nx-proof trust refresh`; with --watch until it is interrupted. */
export async function runTrustRefresh(context: CommandContext): Promise<ExitCode> {
  const { env, printer, values } = context;
  const { root, options } = await placeOf(context);
  if (values['watch'] === true) {
    await watch(context, root, options);
    return EXIT.ok;
  }
  const trust = await trustRefresh(env, root, { ...options, ifStale: values['if-stale'] === true });
  reportRoot(context, trust);
  printer.document({ trust: documentOf(trust), exitCode: EXIT.ok });
  return EXIT.ok;
}

/** A service: ready once a trust root could be used, and ended in order when it is interrupted. */
async function watch({ env, printer, host, ...context }: CommandContext, root: string, options: TrustOptions): Promise<void> {
  let isReady = false;
  const onRefresh = (trust: TrustRoot): void => {
    reportRoot({ env, printer, host, ...context }, trust);
    if (isReady) return;
    isReady = true;
    printer.log('info', 'ready');
    host.ready?.();
  };
  const onError = (error: ProofError): void => {
    printer.log('error', `${error.message} (${error.code})`, { code: error.code });
  };
  await trustWatch(env, root, { ...options, onRefresh, onError });
  printer.log('info', 'stopped');
}

/** `nx-proof trust import FILE|FOLDER`. */
export async function runTrustImport(context: CommandContext): Promise<ExitCode> {
  const [from, extra] = context.positionals;
  if (from === undefined) throw new ProofError('OPTION_INVALID', 'nx-proof trust import needs the FILE of a cache entry, or the FOLDER of a TUF repository', { details: { option: 'FILE' } });
  if (extra !== undefined) throw invalid('FILE', extra, 'is a second one; import one at a time');
  const { root, options } = await placeOf(context);
  const trust = await trustImport(context.env, root, path.resolve(context.env.cwd, from), options);
  reportRoot(context, trust);
  context.printer.document({ trust: documentOf(trust), exitCode: EXIT.ok });
  return EXIT.ok;
}

function reportRoot({ printer }: CommandContext, trust: TrustRoot): void {
  for (const warning of trust.warnings) printer.log('warn', warning);
  printer.status(`${trust.state} ${trust.description}; sha256 ${trust.sha256}`);
}

/** Without the trust root itself: it lies in the cache. */
function documentOf({ trustedRoot: _, ...facts }: TrustRoot): unknown {
  return facts;
}

/** `nx-proof trust clear`. */
export async function runTrustClear(context: CommandContext): Promise<ExitCode> {
  const root = await findWorkspaceRoot(context.env.cwd);
  const olderThanMs = durationOption(context, 'older-than');
  const removed = await trustClear(context.env, root, olderThanMs === undefined ? {} : { olderThanMs });
  context.printer.status(`removed ${count(removed.length, 'file')} of the trust cache`);
  context.printer.document({ removed, exitCode: EXIT.ok });
  return EXIT.ok;
}

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function durationOption(context: CommandContext, name: string): number | undefined {
  const value = textOption(context, name);
  if (value === undefined) return undefined;
  const [, number, unit] = /^(\d{1,6})([mhd])$/.exec(value) ?? [];
  if (number === undefined || unit === undefined) throw invalid(`--${name}`, value, 'must be a number with m, h or d, as in 7d');
  return Number(number) * UNITS[unit as keyof typeof UNITS];
}

/** `nx-proof trust audit`: the lines; with --verify, whether they are all there and unchanged. */
export async function runTrustAudit({ env, printer, values }: CommandContext): Promise<ExitCode> {
  const root = await findWorkspaceRoot(env.cwd);
  const { lines, verdict } = await trustAudit(root, { verify: values['verify'] === true });
  if (verdict === undefined) {
    const all = [];
    for await (const line of lines) {
      printer.lines([`${line.time}  ${line.action.padEnd(11)}  ${line.origin}${line.entry === undefined ? '' : `  ${line.entry}`}${line.reason === undefined ? '' : `  ${line.reason}`}`]);
      all.push(line);
    }
    printer.document({ lines: all, exitCode: EXIT.ok });
    return EXIT.ok;
  }
  if (verdict.result === 'broken') throw new ProofError('AUDIT_BROKEN', `line ${verdict.line} of ${verdict.file} does not continue the log: ${verdict.reason}`, { details: { ...verdict } });
  const start = verdict.startsAt === 'rotation' ? '; older lines were given up when the log grew too large' : '';
  printer.status(`the audit log is intact: ${count(verdict.lines, 'line')}, the last with the sha256 ${verdict.head}${start}`);
  printer.document({ audit: verdict, exitCode: EXIT.ok });
  return EXIT.ok;
}
