import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

export interface Registry {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * A package registry on this machine that has one package, packed but not published, and sends for all others to the registry `upstream`.
 * https://github.com/npm/registry/blob/main/docs/REGISTRY-API.md
 */
export async function serveRegistry(tarball: string, manifest: { name: string; version: string }, upstream: string): Promise<Registry> {
  const content = await readFile(tarball);
  const file = path.basename(tarball);
  const server = createServer((request, response) => {
    const url = request.url ?? '/';
    if (url === `/${manifest.name}/-/${file}`) return response.end(content);
    if (url !== `/${manifest.name}`) return response.writeHead(302, { location: new URL(url.slice(1), upstream).href }).end();
    const dist = { tarball: `${urlOf(server)}/${manifest.name}/-/${file}`, integrity: `sha512-${createHash('sha512').update(content).digest('base64')}` };
    const document = { name: manifest.name, 'dist-tags': { latest: manifest.version }, versions: { [manifest.version]: { ...manifest, dist } } };
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: urlOf(server), close: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()) };
}

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
