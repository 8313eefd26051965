import { startService, type Service } from '../sigstore/server';
import type { TufRepository } from './repository';

export interface Mirror extends Service {
  /** The paths asked for since the last call. */
  asked(): string[];
}

/** Serves a repository over HTTP on 127.0.0.1. */
export async function startMirror(repository: TufRepository): Promise<Mirror> {
  const service = await startService(({ url }) => {
    const body = repository.files.get(decodeURIComponent(url.pathname).slice(1));
    return body === undefined ? { status: 404 } : { headers: { 'content-type': 'application/json' }, body };
  });
  return Object.assign(service, { asked: () => service.calls.splice(0).map(({ url }) => url.pathname.slice(1)) });
}
