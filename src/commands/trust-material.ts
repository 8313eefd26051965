import { LRUCache } from 'lru-cache';
import type { Env } from '../env';
import { canonicalJson } from '../model/json';
import { sha256Hex } from '../model/digest';
import type { TrustRoot } from '../trust';
import { trustMaterial } from '../verify/trust-material';
import { getTrustRoot, policyIfAny, type TrustOptions } from './trust';

/** What certificates, log entries and timestamps are verified with. */
export type TrustMaterial = ReturnType<typeof trustMaterial>;

/** Trust material, and where it comes from. */
export interface LoadedTrust {
  readonly material: TrustMaterial;
  readonly root: TrustRoot;
}

/** Parsed trust material by the sha256 of its bytes: never out of date. */
const parsed = new LRUCache<string, TrustMaterial>({ max: 16 });
/** Trust roots by workspace and source, until the end of their time to live. */
const loaded = new LRUCache<string, LoadedTrust>({ max: 64 });
/** What is being loaded now, so that those who ask at the same time share it. */
const loading = new Map<string, Promise<LoadedTrust>>();

/**
 * The trust material of a workspace, from memory until its time to live is over, else as getTrustRoot finds it. What is stale or pinned, or comes from
 * the seed, is looked up each time; only the parsing is remembered.
 * @throws ProofError as getTrustRoot does
 */
export async function loadTrustMaterial(env: Env, workspaceRoot: string, options: TrustOptions = {}): Promise<LoadedTrust> {
  const key = memoryKey(workspaceRoot, options);
  const known = loaded.get(key);
  if (known?.root.notAfter !== undefined && env.now() < known.root.notAfter) return known;
  const running = loading.get(key) ?? load(env, workspaceRoot, options, key).finally(() => loading.delete(key));
  loading.set(key, running);
  return running;
}

async function load(env: Env, workspaceRoot: string, options: TrustOptions, key: string): Promise<LoadedTrust> {
  const root = await getTrustRoot(env, workspaceRoot, options);
  const trust: LoadedTrust = { root, material: materialOf(root) };
  const left = (root.notAfter?.getTime() ?? 0) - env.now().getTime();
  if (left > 0) loaded.set(key, trust, { ttl: left });
  else loaded.delete(key);
  return trust;
}

function materialOf({ sha256, trustedRoot }: TrustRoot): TrustMaterial {
  const material = parsed.get(sha256) ?? trustMaterial(trustedRoot);
  parsed.set(sha256, material);
  return material;
}

function memoryKey(workspaceRoot: string, { policy, offline, ca }: TrustOptions): string {
  const file = policy?.trustFile === undefined ? null : sha256Hex(policy.trustFile);
  return canonicalJson([workspaceRoot, policy?.policy.trust ?? null, file, offline ?? false, ca ?? null]);
}

/**
 * The trust material that verification uses by default: of the source that proof.policy.json of the workspace names, or of the public-good Sigstore
 * where there is no policy. Remembered as long as its time to live allows.
 * @param workspaceRoot absolute native path; the folder of `env` unless set
 * @throws ProofError as loadPolicy and getTrustRoot do
 */
export async function getDefaultTrustMaterial(env: Env, workspaceRoot: string = env.cwd): Promise<TrustMaterial> {
  const policy = await policyIfAny(env, workspaceRoot, undefined);
  return (await loadTrustMaterial(env, workspaceRoot, policy === undefined ? {} : { policy })).material;
}
