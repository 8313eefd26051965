import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Env } from '../env';
import { ProofError, isProofError } from '../errors';
import { createHttp } from '../http';
import { openMachineKey } from '../machine-key';
import {
  clearTrustCache,
  findTrustFolder,
  importTrustRoot,
  inspectTrustCache,
  loadTrustRoot,
  openImport,
  publicGoodSeed,
  readAudit,
  refreshTrustRoot,
  startRefresh,
  trustSettings,
  trustSource,
  verifyAudit,
  type AuditLine,
  type AuditVerdict,
  type TrustContext,
  type TrustInspection,
  type TrustRoot,
  type TrustSource,
  type TufSource,
} from '../trust';
import { loadPolicy, type LoadedPolicy } from './policy';

export interface TrustOptions {
  /** Its `trust` says where the trust root comes from; the public-good Sigstore unless it does. */
  readonly policy?: Pick<LoadedPolicy, 'policy' | 'trustFile' | 'file'>;
  /** Open no connection. */
  readonly offline?: boolean;
  /** PEM certificates to trust for TLS, beside those of Node.js and NODE_EXTRA_CA_CERTS. */
  readonly ca?: string;
  /** Shared by the events of one run; made up unless set. */
  readonly correlation?: string;
}

/** A trust source with all that it takes to ask it. */
export interface OpenedTrust {
  readonly source: TrustSource;
  readonly context: TrustContext;
  close(): Promise<void>;
}

/**
 * Opens the trust source of a workspace. Only its mirror, or what the policy lists as endpoints, is ever contacted.
 * @throws ProofError POLICY_INVALID, TRUSTED_ROOT_INVALID, KEY_PERMISSIONS, KEY_INVALID
 */
export async function openTrust(env: Env, workspaceRoot: string, options: TrustOptions = {}): Promise<OpenedTrust> {
  const { policy, offline, ca, correlation = randomUUID() } = options;
  const trust = policy?.policy.trust;
  const source = await trustSource(trust, () => Promise.resolve(policy?.trustFile ?? Buffer.alloc(0)));
  const endpoints = trust?.endpoints ?? (source.kind === 'tuf' ? [source.mirror] : []);
  const http = createHttp({ env, endpoints, ...(ca !== undefined && { ca }) });
  const machineKey = source.kind === 'tuf' ? await openMachineKey(env, workspaceRoot) : undefined;
  const settings = trustSettings(trust, offline === true ? { offline } : {});
  const refreshLater = (): void => {
    startRefresh(env, { workspaceRoot, ...(policy?.file !== undefined && { policyFile: policy.file }) });
  };
  return { source, context: { env, workspaceRoot, settings, http, machineKey, correlation, refreshLater }, close: () => http.close() };
}

/** The policy of the workspace, or nothing where there is none: then all is as by default. @throws ProofError as loadPolicy does */
export async function policyIfAny(env: Env, workspaceRoot: string, policy: string | undefined): Promise<LoadedPolicy | undefined> {
  try {
    return await loadPolicy(env, workspaceRoot, policy === undefined ? {} : { policy });
  } catch (error) {
    if (policy === undefined && isProofError(error) && error.code === 'POLICY_NOT_FOUND') return undefined;
    throw error;
  }
}

/** The trust root of a workspace: see loadTrustRoot. */
export function getTrustRoot(env: Env, workspaceRoot: string, options: TrustOptions = {}): Promise<TrustRoot> {
  return withTrust(env, workspaceRoot, options, ({ context, source }) => loadTrustRoot(context, source));
}

async function withTrust<T>(env: Env, workspaceRoot: string, options: TrustOptions, work: (trust: OpenedTrust) => Promise<T>): Promise<T> {
  const trust = await openTrust(env, workspaceRoot, options);
  try {
    return await work(trust);
  } finally {
    await trust.close();
  }
}

/** What a workspace's trust root is, without contacting anybody. */
export interface TrustStatus {
  readonly source: 'public-good' | 'tuf' | 'file';
  /** The mirror's URL, or the name of the pinned file. */
  readonly origin: string;
  readonly cache?: TrustInspection;
  /** What serves offline, and with allowSeed. */
  readonly seed?: { readonly name: string; readonly issued: Date };
}

export function trustStatus(env: Env, workspaceRoot: string, options: TrustOptions = {}): Promise<TrustStatus> {
  return withTrust(env, workspaceRoot, options, async ({ source, context }) => {
    if (source.kind === 'file') return { source: 'file', origin: source.name };
    const cache = await inspectTrustCache(context, source);
    if (!source.isPublicGood) return { source: 'tuf', origin: source.mirror, cache };
    const { name, issued } = await publicGoodSeed();
    return { source: 'public-good', origin: source.mirror, cache, seed: { name, issued } };
  });
}

export interface RefreshOptions extends TrustOptions {
  /** Ask only if the entry is not fresh. */
  readonly ifStale?: boolean;
}

/** @throws ProofError OPTION_INVALID for a pinned file, which is as it is; else as refreshTrustRoot does */
export function trustRefresh(env: Env, workspaceRoot: string, options: RefreshOptions = {}): Promise<TrustRoot> {
  return withTrust(env, workspaceRoot, options, ({ source, context }) => refreshTrustRoot(context, requireTuf(source), { ifStale: options.ifStale ?? false }));
}

export interface WatchOptions extends TrustOptions {
  readonly onRefresh: (root: TrustRoot) => void;
  /** The next attempt follows all the same. */
  readonly onError: (error: ProofError) => void;
}

const RETRY_MS = 5 * 60_000;

/** Keeps the entry fresh, for as long as nobody interrupts: asks a little before its time to live is over, and every few minutes after a failure. */
export async function trustWatch(env: Env, workspaceRoot: string, options: WatchOptions): Promise<void> {
  while (!env.signal.aborted) {
    const wait = await refreshOnce(env, workspaceRoot, options);
    await sleep(wait, undefined, { signal: env.signal }).catch(() => undefined);
  }
}

async function refreshOnce(env: Env, workspaceRoot: string, options: WatchOptions): Promise<number> {
  try {
    const root = await trustRefresh(env, workspaceRoot, options);
    options.onRefresh(root);
    const left = (root.notAfter?.getTime() ?? 0) - env.now().getTime();
    return spread(Math.min(Math.max(left * 0.9, RETRY_MS), 24 * 3600 * 1000));
  } catch (error) {
    if (!isProofError(error) || error.exitCode !== 3) throw error;
    options.onError(error);
    return spread(RETRY_MS);
  }
}

/** Up to a tenth less, by chance: machines that were started together do not ask together. */
const spread = (milliseconds: number): number => milliseconds * (1 - 0.1 * Math.random());

/**
 * Takes over a cache entry of another machine, or a folder with a copy of the TUF repository, for machines without a network.
 * @param from absolute native path
 * @throws ProofError TRUST_IMPORT_INVALID, TRUST_REFUSED
 */
export function trustImport(env: Env, workspaceRoot: string, from: string, options: TrustOptions = {}): Promise<TrustRoot> {
  return withTrust(env, workspaceRoot, options, async ({ source, context }) => {
    const tuf = requireTuf(source);
    const { download, fetchedAt } = await openImport(from, tuf, env.now());
    return importTrustRoot(context, tuf, download, fetchedAt);
  });
}

function requireTuf(source: TrustSource): TufSource {
  if (source.kind === 'tuf') return source;
  throw new ProofError('OPTION_INVALID', `the policy pins the trust root as ${source.name}: it is neither fetched nor cached`, { details: { file: source.name } });
}

/** Removes the entries of all sources; with `olderThanMs`, those that were written longer ago. @returns the names of the files removed */
export async function trustClear(env: Env, workspaceRoot: string, options: { readonly olderThanMs?: number } = {}): Promise<string[]> {
  const before = options.olderThanMs === undefined ? undefined : new Date(env.now().getTime() - options.olderThanMs);
  return clearTrustCache({ env, workspaceRoot, correlation: randomUUID() }, before);
}

/** The audit log; with `verify`, whether its chain of hashes is intact. */
export interface TrustAudit {
  readonly verdict?: AuditVerdict;
  readonly lines: AsyncIterable<AuditLine>;
}

export async function trustAudit(workspaceRoot: string, options: { readonly verify?: boolean } = {}): Promise<TrustAudit> {
  const folder = await findTrustFolder(workspaceRoot);
  const lines = folder === undefined ? nothing() : readAudit(folder);
  if (options.verify !== true) return { lines };
  return { lines, verdict: folder === undefined ? { result: 'intact', lines: 0, head: '0'.repeat(64), startsAt: 'beginning' } : await verifyAudit(folder) };
}

async function* nothing(): AsyncGenerator<AuditLine> {}
