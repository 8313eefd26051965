import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Entry } from './entry';
import { entryOf } from './entry';
import type { EntryTimes } from './freshness';
import type { TufState } from './metadata';
import type { TufSource } from './source';
import type { Attempt, Found } from './store';

/** What a look-up needs of the cache. */
export interface Shelf {
  look(source: TufSource): Promise<Found>;
  write(source: TufSource, state: TufState, times: Pick<EntryTimes, 'fetchedAt' | 'isUndated'>): Promise<Entry>;
  setAside(source: TufSource, now: Date): Promise<void>;
  withFolder<T>(work: (folder: string) => Promise<T>): Promise<T>;
  lastAttempt(source: TufSource): Promise<Attempt | undefined>;
  noteAttempt(source: TufSource, attempt: Attempt): Promise<void>;
}

/** Stands in for the cache where the workspace cannot be written: finds nothing, and keeps nothing. */
export const UNSTORED: Shelf = {
  look: () => Promise.resolve({ kind: 'missing' }),
  write: (source, state, times) => Promise.resolve(entryOf(source, state, times, false)),
  setAside: () => Promise.resolve(),
  withFolder: async (work) => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'nx-proof-trust-'));
    try {
      return await work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  lastAttempt: () => Promise.resolve(undefined),
  noteAttempt: () => Promise.resolve(),
};
