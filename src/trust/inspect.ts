import { readdir } from 'node:fs/promises';
import type { TrustContext } from './cache';
import { findTrustFolder } from './folder';
import { freshUntil, freshness, usableUntil, type Freshness } from './freshness';
import { Journal } from './journal';
import type { Versions } from './metadata';
import type { TufSource } from './source';
import { TrustStore } from './store';

/** What the cache holds for a source. */
export interface TrustInspection {
  /** unproven: its MAC is missing or wrong; it is verified from its signed metadata before it is used. */
  readonly state: 'missing' | 'damaged' | 'unproven' | Freshness;
  /** Absolute native path, of an entry that is there. */
  readonly file?: string;
  /** Why it is damaged. */
  readonly reason?: string;
  readonly entry?: {
    readonly sha256: string;
    readonly fetchedAt: Date;
    readonly freshUntil: Date;
    readonly usableUntil: Date;
    readonly versions: Versions;
  };
  /** How many damaged or forged entries, of all sources, were set aside. */
  readonly setAside: number;
}

/** Looks without changing anything or opening a connection. @throws ProofError TRUST_CACHE_UNSAFE */
export async function inspectTrustCache({ env, workspaceRoot, machineKey, settings }: TrustContext, source: TufSource): Promise<TrustInspection> {
  const folder = await findTrustFolder(workspaceRoot);
  if (folder === undefined) return { state: 'missing', setAside: 0 };
  const store = new TrustStore(folder, machineKey);
  const setAside = (await readdir(folder)).filter((name) => name.includes('.damaged-')).length;
  const found = await store.look(source);
  if (found.kind === 'missing') return { state: 'missing', setAside };
  const file = store.entryFile(source);
  if (found.kind === 'damaged') return { state: 'damaged', reason: found.reason, file, setAside };
  const { entry } = found;
  const { sha256, fetchedAt, versions } = entry;
  const times = { fetchedAt, freshUntil: freshUntil(entry, settings), usableUntil: usableUntil(entry, settings) };
  return { state: entry.isProven ? freshness(entry, settings, env.now()) : 'unproven', file, entry: { sha256, ...times, versions }, setAside };
}

/** Removes the entries of all sources, and what was set aside; with `before`, what was written before then. The audit log stays. @returns the files' names */
export async function clearTrustCache({ env, workspaceRoot, correlation }: Pick<TrustContext, 'env' | 'workspaceRoot' | 'correlation'>, before: Date | undefined): Promise<string[]> {
  const folder = await findTrustFolder(workspaceRoot);
  if (folder === undefined) return [];
  const removed = await new TrustStore(folder, undefined).clear(before);
  const journal = new Journal(env, 'all sources', correlation);
  journal.folder = folder;
  await journal.note('clear', { reason: `removed ${removed.length} files${before === undefined ? '' : ` written before ${before.toISOString()}`}` });
  return removed;
}
