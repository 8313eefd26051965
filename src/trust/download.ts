import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { ProofError, isSystemError } from '../errors';
import { publicUrl, type Http } from '../http';
import type { TufState } from './metadata';

/**
 * Reads one file of a TUF repository: `3.root.json`, `timestamp.json`, `targets/<sha256>.trusted_root.json`. Undefined when the repository has none
 * of that name.
 */
export type Download = (name: string, maxBytes: number) => Promise<Buffer | undefined>;

/** All requests of one refresh together, in ms. */
export const REFRESH_DEADLINE_MS = 30_000;

/** From the mirror. @throws ProofError NETWORK_ERROR, ENDPOINT_REFUSED, ABORTED */
export function downloadFrom(http: Pick<Http, 'request'>, mirror: string): Download {
  const end = performance.now() + REFRESH_DEADLINE_MS;
  return async (name, maxBytes) => {
    const url = `${mirror}/${name}`;
    const response = await http.request({ method: 'GET', url, maxBytes, deadlineMs: Math.max(1, end - performance.now()) });
    if (response.status === 200) return response.body;
    // A storage bucket that does not list its files answers 403 for those it does not have.
    if (response.status === 404 || response.status === 403) return undefined;
    throw new ProofError('NETWORK_ERROR', `GET ${publicUrl(new URL(url))} answered ${response.status}`, { details: { url, status: response.status } });
  };
}

/** From a folder with a copy of the repository. @throws ProofError FILE_TOO_LARGE; system errors */
export function readFrom(folder: string): Download {
  return async (name, maxBytes) => {
    try {
      const handle = await open(path.join(folder, ...name.split('/')), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
      try {
        const { size } = await handle.stat();
        if (size > maxBytes) throw new ProofError('FILE_TOO_LARGE', `${path.join(folder, name)} has ${size} bytes; at most ${maxBytes} are read`);
        return await handle.readFile();
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (isSystemError(error) && error.code === 'ENOENT') return undefined;
      throw error;
    }
  };
}

/** From what was downloaded before. `version` is that of the first of `roots`. */
export function replay(state: TufState, version: number): Download {
  return (name) => {
    if (name.startsWith('targets/')) return Promise.resolve(state.trustedRoot);
    const [, number, plain] = /^(?:(\d+)\.)?(.+)$/.exec(name) ?? [];
    if (plain === 'root.json') return Promise.resolve(state.roots[Number(number) - version]);
    return Promise.resolve(state.metadata.get(plain ?? name));
  };
}
